/** The definition of `tsworker locks`. */
import { boolean, integer } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { names } from '../failed/value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: 'only locks of this class' },
  all: { kind: boolean, help: 'release: all there are' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  'dry-run': { ...COMMON.dryRun, help: 'release: say what would be released, and change nothing' },
  yes: { ...COMMON.yes, help: 'release: do not ask' },
  json: { ...COMMON.json, help: 'list: a line of JSON each; else one JSON document' },
};
export type LocksFlags = typeof FLAGS;

export const locksCommand = defineCommand({
  name: 'locks',
  group: 'Repair',
  help: 'list, show and release the locks of unique jobs',
  verbs: {
    list: { words: '', help: 'those that there are, in no order', flags: ['class', 'count', 'json'] },
    show: { words: '<lock>', help: 'one, with the job that holds it', flags: ['json'] },
    release: {
      words: '[lock…]',
      help: 'release these, those of a class, or --all, after asking: jobs that are the same get in then',
      flags: ['class', 'all', 'dry-run', 'yes', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker locks', 'what keeps jobs out'],
    ['tsworker locks show 5f2e3d4', 'which job holds a lock, and where it is'],
    ['tsworker locks release 5f2e3d4', 'after a job was lost, without waiting for the TTL'],
    ['tsworker locks release -class=Sync --yes', 'all of a class'],
  ],
  notes: `A lock is named by its whole key, Class:hash, or by the beginning of it or of its hash.

A lock is released by itself when its job has ended, and expires at the latest after its TTL. To release one while its job \
waits or runs lets the same job in a second time.

To list them all keys of the database are walked through, in small steps.

Exit code: 0 all was done; 1 a lock is not there or was kept because you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).locks,
});
