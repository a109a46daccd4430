/** How `tsworker queues` is typed. */
import { integer } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  count: {
    kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    help: 'peek: how many jobs',
    defaultText: '10',
  },
  from: {
    kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    help: 'peek: from which job on, counted from the head, which is 0',
    defaultText: '0',
  },
  yes: { ...COMMON.yes, help: 'remove: do not ask' },
  'dry-run': { ...COMMON.dryRun, help: 'release: say what would be done, and change nothing' },
  json: { ...COMMON.json, help: 'list and peek: a line of JSON each; remove and release: one JSON document' },
};
export type QueuesFlags = typeof FLAGS;

export const queuesCommand = defineCommand({
  name: 'queues',
  group: 'Inspect',
  help: 'list the queues, look into one, remove one, release its quarantine',
  verbs: {
    list: { words: '', help: 'every queue, how many jobs it has, and since when the next one waits', flags: ['json'] },
    peek: {
      words: '<queue>',
      help: 'the jobs that come next, with their arguments; none is taken out',
      flags: ['count', 'from', 'json'],
    },
    remove: {
      words: '<queue>',
      help: 'the queue and all its jobs, after asking',
      flags: ['yes', 'json'],
      destructive: true,
    },
    release: {
      words: '<queue>',
      help: 'the jobs in quarantine go back to the head of the queue, in their order',
      flags: ['dry-run', 'json'],
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker queues', 'which there are'],
    ['tsworker queues peek low -count=3', 'what comes next in low'],
    ['tsworker queues peek low -from=1000 -json', 'for machines: a JSON object a line'],
    ['tsworker queues remove old --yes', 'without asking'],
    ['tsworker queues release low', 'after a fix, or to let Ruby workers run them'],
  ],
  notes: `Since when a job waits is known only where its payload says so (ActiveJob's, php-resque's and others' do); Resque itself \
does not write it.

A job is in quarantine when two processes died while they ran it: there it delays nobody, and a tsworker with a supervisor runs it \
alone. Its deaths still count after a release: if one more process dies with it, it returns to the quarantine.

Exit code: 0 done; 1 there is no such queue, it was not to be removed after all, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).queues,
});
