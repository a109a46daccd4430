/** The definition of `tsworker status`. */
import { boolean, integer, seconds } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  watch: {
    kind: boolean,
    help: 'redraw regularly, with rates; the first line names the keys, q or Ctrl-C ends it',
  },
  every: {
    kind: seconds({ min: 0, above: true, max: 86_400 }),
    help: 'seconds between two redraws of -watch',
    defaultText: '2',
  },
  show: { kind: integer({ min: 0, max: 100_000 }), help: 'maximum lines of each list', defaultText: '20' },
  failures: {
    kind: integer({ min: 0, max: 10_000_000 }),
    help: 'how many of the newest failures are grouped by kind; 0: none',
    defaultText: '1000',
  },
  json: { ...COMMON.json, help: 'one JSON document; with -watch one per line each time' },
};
export type StatusFlags = typeof FLAGS;

export const statusCommand = defineCommand({
  name: 'status',
  group: 'Inspect',
  help: 'queues, workers, what runs and what failed; -watch redraws',
  flags: FLAGS,
  settings: [...CONNECTION_SETTINGS, 'heartbeat', 'pruneAfter'],
  examples: [
    ['tsworker status', 'the current state'],
    ['tsworker status -watch', 'its changes, as top does'],
    ["tsworker status -json | jq '.queues[] | select(.workers == 0)'", 'queues without workers'],
  ],
  notes: `HEAD WAITS: since when the next job of a queue waits, if its payload contains the time. WORKERS: how many take jobs from it. lost: no \
heartbeat for longer than -prune-after, or its process is gone. blocked, paused, draining: idle slots that take no \
jobs, since a job blocks the event loop of their process, it was paused (SIGUSR2, tsworker workers quiet), or it ends. Ruby workers count a job that failed as processed too. On a terminal the lists are cut to \
its width; piped elsewhere they are whole.

Exit code: 0 Redis has answered; 1 it could not be reached, or refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).status,
});
