/** How `tsworker workers` is typed. */
import { choice } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  state: { kind: choice('working', 'idle', 'lost'), help: 'list: only these' },
  'dry-run': { ...COMMON.dryRun, help: 'prune: say who would be pruned, and change nothing' },
  json: { ...COMMON.json, help: 'list and prune: a line of JSON for each worker; show: one JSON document' },
};
export type WorkersFlags = typeof FLAGS;

export const workersCommand = defineCommand({
  name: 'workers',
  group: 'Look',
  help: 'list the workers and what they run, show one, prune the dead',
  verbs: {
    list: {
      words: '',
      help: 'every worker in the books: Ruby, goworker, node-resque and tsworker alike',
      flags: ['state', 'json'],
    },
    show: {
      words: '<id>',
      help: 'all that is known of one, and the payload in its hands; the beginning of the id is enough',
      flags: ['json'],
    },
    prune: {
      words: '',
      help: 'take the dead out of the books, and their jobs to where they go, as the daemon does',
      flags: ['dry-run', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: [...CONNECTION_SETTINGS, 'heartbeat', 'pruneAfter', 'forcePrune', 'onDead'],
  examples: [
    ['tsworker workers', 'who there is'],
    ['tsworker workers -state=working', 'who has a job in hand'],
    ['tsworker workers show web1.ts:4711-0', 'the one whose id begins so'],
    ['tsworker workers prune --dry-run', 'who would be pruned, and what becomes of their jobs'],
  ],
  notes: `lost: no heartbeat for longer than -prune-after; whoever prunes takes it for dead. A worker without any heartbeat (very \
old Resque) is never lost.

prune follows the rules of the daemon: a worker is dead when its heartbeat is older than -prune-after, or when its process \
is gone from this machine. Give it the -prune-after, -force-prune and -on-dead of your daemons. A worker that comes back to \
life meanwhile is left alone, and only one process prunes at a time.

Exit code: 0 done; 1 there is no such worker, another process prunes, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).workers,
});
