/** The definition of `tsworker delayed`. */
import { boolean, integer, text } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { names } from '../failed/value-parsers.js';
import { ahead, delay, time } from './value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: "only jobs of this class (ActiveJob's own)" },
  queue: { kind: names('queue'), help: 'only jobs for this queue' },
  text: { kind: text('text', () => {}), help: 'only jobs that contain this text' },
  after: { kind: ahead, help: 'only jobs due after this time: 10m, 2h, 3d from now, or 2026-12-24T18:00' },
  before: { kind: ahead, help: 'only jobs due before this time' },
  all: { kind: boolean, help: 'run and move: all jobs' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  in: { kind: delay, help: 'move: by this delay from now' },
  at: { kind: time, help: 'move: to this time' },
  'dry-run': { ...COMMON.dryRun, help: 'run, move, remove, repair: print what would be done, and change nothing' },
  yes: { ...COMMON.yes, help: 'remove: do not ask' },
  json: { ...COMMON.json, help: 'list and count: one JSON object per line; else one JSON document' },
};
export type DelayedFlags = typeof FLAGS;

const FILTERS = ['class', 'queue', 'text', 'after', 'before'];

export const delayedCommand = defineCommand({
  name: 'delayed',
  group: 'Repair',
  help: 'list the delayed jobs, run, move or remove them',
  verbs: {
    list: { words: '', help: 'the next due first', flags: [...FILTERS, 'count', 'json'] },
    count: { words: '', help: 'how many of each class and queue, first and last', flags: [...FILTERS, 'json'] },
    show: { words: '<id>', help: 'all details of one', flags: ['json'] },
    run: {
      words: '[id…]',
      help: 'to their queues now: these, those that match the filters, or --all',
      flags: [...FILTERS, 'all', 'dry-run', 'json'],
    },
    move: {
      words: '[id…]',
      help: 'to another time, -in or -at',
      flags: [...FILTERS, 'all', 'in', 'at', 'dry-run', 'json'],
    },
    remove: {
      words: '[id…]',
      help: 'delete these, or those that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
      destructive: true,
    },
    repair: {
      words: '',
      help: 'put lists back into the schedule that a producer left out when it died midway',
      flags: ['dry-run', 'json'],
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker delayed', 'what comes next'],
    ['tsworker delayed count', 'how many of each class'],
    ['tsworker delayed -class=Remind -before=1h', 'which of them within the hour'],
    ['tsworker delayed run 1f2e3d4', 'one of them now'],
    ['tsworker delayed move -class=Remind -in=2h', 'all of a class, in two hours'],
    ['tsworker delayed remove -class=Remind -text=user-7', 'those of one user'],
  ],
  notes: `Delayed jobs are in the format of resque-scheduler and node-resque, so this also shows and changes theirs.

An id, or its first seven digits or more, identifies a job as long as its time does not change.

Exit code: 0 all was done; 1 a job does not exist, cannot be run or was kept because you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).delayed,
});
