/** The definition of `tsworker locks`. */
import { boolean, integer } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { names } from '../failed/value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: 'only locks of this class' },
  all: { kind: boolean, help: 'release: all locks' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  'dry-run': { ...COMMON.dryRun, help: 'release: print what would be released, and change nothing' },
  yes: { ...COMMON.yes, help: 'release: do not ask' },
  json: { ...COMMON.json, help: 'list: one JSON object per line; else one JSON document' },
};
export type LocksFlags = typeof FLAGS;

export const locksCommand = defineCommand({
  name: 'locks',
  group: 'Repair',
  help: 'list, show and release the locks of unique jobs',
  verbs: {
    list: { words: '', help: 'all locks, in no order', flags: ['class', 'count', 'json'] },
    show: { words: '<lock>', help: 'one, with the job that holds it', flags: ['json'] },
    release: {
      words: '[lock…]',
      help: 'release these, those of a class, or --all, after asking: the same jobs can be enqueued again',
      flags: ['class', 'all', 'dry-run', 'yes', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker locks', 'which jobs are locked'],
    ['tsworker locks show 5f2e3d4', 'which job holds a lock, and where it is'],
    ['tsworker locks release 5f2e3d4', 'after a job was lost, without waiting for the TTL'],
    ['tsworker locks release -class=Sync --yes', 'all of a class'],
  ],
  notes: `A lock is identified by its key, Class:hash, or by the beginning of the key or of the hash.

A lock is released when its job has ended, and expires at the latest after its TTL. If it is released while its job \
waits or runs, the same job can be enqueued a second time.

The list scans all keys of the database, in small steps.

Exit code: 0 all was done; 1 a lock does not exist or was kept because you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).locks,
});
