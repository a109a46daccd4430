/** The definition of `tsworker workers`. */
import { boolean, choice } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  slots: { kind: boolean, help: 'list: a line for each worker, which is a slot of a process, with its job' },
  state: { kind: choice('working', 'idle', 'lost'), help: 'list: only these workers, a line for each' },
  as: {
    kind: choice('fail', 'discard', 'requeue'),
    help: 'cancel: to the failed list, counted as processed, or back to the head of its queue',
    defaultText: 'fail',
  },
  'dry-run': { ...COMMON.dryRun, help: 'prune: say who would be pruned, and change nothing' },
  yes: { ...COMMON.yes, help: 'prune: taken as other commands take it; it does not ask' },
  json: { ...COMMON.json, help: 'list and prune: a line of JSON for each worker; others: one JSON document' },
};
export type WorkersFlags = typeof FLAGS;

export const workersCommand = defineCommand({
  name: 'workers',
  group: 'Inspect',
  help: 'list the workers and what they run, cancel a job, stop a process, prune the dead',
  verbs: {
    list: {
      words: '',
      help: 'every process with registered workers: Ruby, goworker, node-resque and tsworker alike',
      flags: ['slots', 'state', 'json'],
    },
    show: {
      words: '<id>',
      help: 'everything about one, with the payload of its running job; the beginning of the id is enough',
      flags: ['json'],
    },
    cancel: {
      words: '<id>',
      help: "cancel the running job of one of tsworker's workers, and wait for what comes of it",
      flags: ['as', 'json'],
      destructive: true,
    },
    quiet: {
      words: '<process>',
      help: 'the tsworker that the process belongs to claims no more jobs; running jobs go on',
      flags: ['json'],
      destructive: true,
    },
    resume: { words: '<process>', help: 'it claims jobs again', flags: ['json'] },
    stop: {
      words: '<process>',
      help: 'the tsworker that the process belongs to shuts down, as after SIGTERM',
      flags: ['json'],
      destructive: true,
    },
    prune: {
      words: '',
      help: 'unregister dead workers and requeue or fail their jobs, as the worker does',
      flags: ['dry-run', 'yes', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: [...CONNECTION_SETTINGS, 'heartbeat', 'pruneAfter', 'forcePrune', 'onDead'],
  examples: [
    ['tsworker workers', 'which processes there are'],
    ['tsworker workers -slots', 'each worker, and what it runs'],
    ['tsworker workers -state=working', 'those with a running job'],
    ['tsworker workers show web1.ts:4711-0', 'the one whose id begins so'],
    ['tsworker workers cancel web1.ts:4711-0', 'its job fails now'],
    ['tsworker workers stop web1.ts:4711', 'as SIGTERM to that tsworker'],
    ['tsworker workers prune --dry-run', 'who would be pruned, and what becomes of their jobs'],
  ],
  notes: `STATE: a process that is blocked (a job holds its event loop), paused (by SIGUSR2 or tsworker workers quiet), draining, or part of a reload publishes \
that; for other programs' processes only working, idle and lost are known.

lost: no heartbeat for longer than -prune-after, or its process is gone from this machine; it will be pruned. A \
worker without any heartbeat (very old Resque) is never lost. goworker sends one heartbeat, at its start: its workers "show no sign \
of life" after -prune-after, and are lost when their process is gone, or their job began 12 times as long ago.

cancel aborts the signal of the job; two seconds later its slot is free, whatever the job does. Only the job that runs when \
the command is sent is cancelled, never the next one of its slot. -as=fail does not retry. A job that blocks its process gets \
no signal: its supervisor kills that process, and its other jobs go back to their queues. A process without a supervisor \
(-connections=1, work() in a program) does not answer then, and the command reports it.

quiet, resume and stop are for a whole tsworker: its supervisor and all its processes. quiet works like SIGUSR2, and is \
shown as paused.

prune follows the rules of the worker: a worker is dead when its heartbeat is older than -prune-after, or when its process \
is gone from this machine. Give it the -prune-after, -force-prune and -on-dead of your workers. A worker that sends a \
heartbeat meanwhile is left alone, and only one process prunes at a time.

Exit code: 0 done; 1 there is no such worker, the job ended in another way, another process prunes, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).workers,
});
