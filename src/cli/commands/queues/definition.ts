/** The definition of `tsworker queues`. */
import { integer, text } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { delay } from '../delayed/value-parsers.js';
import { moment, names } from '../failed/value-parsers.js';
import { jsonArray } from './value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: "peek, move, purge: only jobs of this class (ActiveJob's own)" },
  text: { kind: text('text', () => {}), help: 'peek, move, purge: only jobs that contain this text' },
  args: { kind: jsonArray, help: 'peek, move, purge: only jobs with exactly these arguments: -args=[7]' },
  older: {
    kind: moment,
    help: 'peek, move, purge: only jobs pushed before this time, if they contain it: 2h, 2026-11-24T10:30',
  },
  count: {
    kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    help: 'peek and move: how many jobs',
    defaultText: '10, move: all',
  },
  from: {
    kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    help: 'peek: index of the first job, counted from 0 at the head',
    defaultText: '0',
  },
  for: { kind: delay, help: 'pause: ends after this time: 90s, 30m, 2h' },
  yes: { ...COMMON.yes, help: 'purge and remove: do not ask' },
  'dry-run': {
    ...COMMON.dryRun,
    help: 'pause, resume, move, purge, release: print what would be done, and change nothing',
  },
  json: { ...COMMON.json, help: 'list and peek: one JSON object per line; else one JSON document' },
};
export type QueuesFlags = typeof FLAGS;

const FILTERS = ['class', 'text', 'args', 'older'];

export const queuesCommand = defineCommand({
  name: 'queues',
  group: 'Inspect',
  help: 'list the queues, peek into one, pause, move, purge or remove one',
  verbs: {
    list: { words: '', help: 'every queue, its number of jobs, and since when the next one waits', flags: ['json'] },
    peek: {
      words: '<queue>',
      help: 'the next jobs, with their arguments; changes nothing',
      flags: [...FILTERS, 'count', 'from', 'json'],
    },
    pause: {
      words: '<queue>',
      help: 'tsworker takes no jobs from it until it is resumed; running jobs continue',
      flags: ['for', 'dry-run', 'json'],
    },
    resume: { words: '<queue>', help: 'end its pause: workers continue at once', flags: ['dry-run', 'json'] },
    move: {
      words: '<queue> <to>',
      help: 'move its jobs to the tail of another queue, in order: all, or those that match',
      flags: [...FILTERS, 'count', 'dry-run', 'json'],
    },
    purge: {
      words: '<queue>',
      help: 'delete the jobs that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
      destructive: true,
    },
    remove: {
      words: '<queue>',
      help: 'delete the queue and all its jobs, after asking',
      flags: ['yes', 'json'],
      destructive: true,
    },
    release: {
      words: '<queue>',
      help: 'put the jobs in quarantine back at the head of the queue, in order',
      flags: ['dry-run', 'json'],
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker queues', 'all queues'],
    ['tsworker queues peek low -count=3', 'what comes next in low'],
    ['tsworker queues peek low -from=1000 -json', 'for machines: one JSON object per line'],
    ['tsworker queues pause low -for=30m', 'no more jobs of low for half an hour'],
    ['tsworker queues move low high -class=Charge -count=100', 'the first 100 of a class'],
    ['tsworker queues purge low -class=Sync -older=2h', 'outdated jobs'],
    ['tsworker queues remove old --yes', 'without asking'],
    ['tsworker queues release low', 'after a fix, or to let Ruby workers run them'],
  ],
  notes: `Since when a job waits is only known if its payload contains the time (ActiveJob, php-resque and others); Resque itself \
does not write it.

pause uses the key that the Ruby plugins resque-pause and Mission Control use (pause:queue:<name>). tsworker obeys it, and Ruby workers \
with such a plugin do; other Ruby workers, goworker and node-resque do not. tsworker pause stops all queues at once.

A job is in quarantine when two processes died while they ran it: there it does not delay other jobs, and a tsworker with a supervisor runs it \
alone. Its deaths still count after a release: if one more process dies with it, it returns to the quarantine.

Exit code: 0 done; 1 there is no such queue, you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).queues,
});
