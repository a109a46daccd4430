/** The definition of `tsworker delayed`. */
import { boolean, integer, text } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { names } from '../failed/value-parsers.js';
import { ahead, delay, time } from './value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: "only jobs of this class (ActiveJob's own)" },
  queue: { kind: names('queue'), help: 'only jobs for this queue' },
  text: { kind: text('text', () => {}), help: 'only jobs that hold this text anywhere' },
  after: { kind: ahead, help: 'only what is due after that: 10m, 2h, 3d from now, or 2026-12-24T18:00' },
  before: { kind: ahead, help: 'only what is due before that' },
  all: { kind: boolean, help: 'run and move: all there are' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  in: { kind: delay, help: 'move: to so long from now' },
  at: { kind: time, help: 'move: to that time' },
  'dry-run': { ...COMMON.dryRun, help: 'run, move, remove, repair: say what would be done, and change nothing' },
  yes: { ...COMMON.yes, help: 'remove: do not ask' },
  json: { ...COMMON.json, help: 'list and count: a line of JSON each; else one JSON document' },
};
export type DelayedFlags = typeof FLAGS;

const FILTERS = ['class', 'queue', 'text', 'after', 'before'];

export const delayedCommand = defineCommand({
  name: 'delayed',
  group: 'Repair',
  help: 'list the jobs that wait for their time, run, move or remove them',
  verbs: {
    list: { words: '', help: 'the next due first', flags: [...FILTERS, 'count', 'json'] },
    count: { words: '', help: 'how many of each class and queue, first and last', flags: [...FILTERS, 'json'] },
    show: { words: '<id>', help: 'all that is known of one', flags: ['json'] },
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
      help: 'lists that no scheduler finds, since a producer died midway: back into the schedule',
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
  notes: `The jobs stand where resque-scheduler and node-resque keep them, so this shows and changes theirs too.

An id, or its first seven digits or more, names a job for as long as it waits for the same time.

Exit code: 0 all was done; 1 a job is not there, cannot be run or was kept because you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).delayed,
});
