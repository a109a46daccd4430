/**
 * `tsworker workers prune`: removes dead workers from the registry, or lists them. The rules are in registry/recovery/prune.ts.
 */

import { counted, duration } from '../../../format.js';
import type { Leftover } from '../../../inspect/leftovers.js';
import { type DeadSeen, findDead, type Pruned, pruneNow } from '../../../inspect/prune.js';
import { parseTime } from '../../../inspect/time.js';
import type { Recovered } from '../../../registry/recovery/recover.js';
import { EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';
import { isoTime, printLines } from '../../json.js';
import type { Session } from '../../session.js';
import { listed } from '../../table.js';
import type { WorkersCall } from './format.js';

export async function prune(call: WorkersCall, { connection, settings }: Session): Promise<number> {
  const { namespace, label, heartbeat, pruneAfter, forcePrune, onDead } = settings;
  const times = { heartbeatMs: heartbeat * 1000, pruneAfterMs: pruneAfter * 1000 };
  const options = { namespace, label, forcePrune, onDead, ...times };
  if (call.flags['dry-run']) {
    const { dead, graceMs, leftovers } = await findDead(connection, options);
    const lines = [...dead.map((one) => foreseen(one, onDead)), ...leftovers.map((one) => foreseenLeft(one, onDead))];
    await tell(call, lines, `${counted(dead.length, 'worker')} would be pruned${leftText(leftovers.length)}`);
    return sayGrace(call, graceMs);
  }
  const pruned = await pruneNow(connection, options);
  const { workers, kind } = pruned;
  const left = pruned.kind === 'pruned' ? pruned.leftovers : [];
  const lines = [...workers.map(done), ...left.map((one) => ({ ...done(one), death: 'unregistered' as const }))];
  if (kind === 'pruned' || workers.length > 0)
    await tell(call, lines, `${counted(workers.length, 'worker')} pruned${leftText(left.length)}`);
  return kind === 'locked' ? sayLocked(call, pruned) : sayGrace(call, pruned.graceMs);
}

/** One line of the table, and of the output for machines. */
interface Line {
  readonly worker: string;
  readonly heartbeat: string;
  /** unregistered: another program had removed it, and left some of its keys. */
  readonly death: Recovered['death'] | 'unregistered';
  readonly job: { readonly queue: string; readonly class: string; readonly outcome: string } | null;
}

function done({ id, heartbeat, death, job }: Recovered): Line {
  return { worker: id, heartbeat, death, job: job ?? null };
}

/** Poison pills are only recognized when the job is recovered. */
function foreseen({ id, heartbeat, death, worker: { job, ours } }: DeadSeen, onDead: 'requeue' | 'fail'): Line {
  const outcome = ours && onDead === 'requeue' ? 'requeued' : 'failed';
  return {
    worker: id,
    heartbeat,
    death,
    job: job === undefined ? null : { queue: job.queue, class: job.class, outcome },
  };
}

function foreseenLeft({ id, job, isFailed }: Leftover, onDead: 'requeue' | 'fail'): Line {
  const outcome = onDead === 'requeue' ? 'requeued' : 'failed';
  return { worker: id, heartbeat: '', death: 'unregistered', job: job && !isFailed ? { ...job, outcome } : null };
}

function leftText(left: number): string {
  return left === 0 ? '' : `; keys of ${counted(left, 'unregistered worker')}`;
}

async function tell({ io, flags }: WorkersCall, lines: readonly Line[], summary: string): Promise<void> {
  if (flags.json) {
    await printLines(
      io,
      lines.map((line) => ({ ...line, heartbeat: isoTime(parseTime(line.heartbeat)) })),
    );
    return;
  }
  const columns = [
    { head: 'WORKER', give: 1 },
    { head: 'WHY' },
    { head: 'JOB', give: 2 },
    { head: 'QUEUE', give: 3 },
    { head: 'BECOMES' },
  ];
  const rows = lines.map(({ worker, heartbeat, death, job }) => [
    worker,
    death === 'expired' ? `no heartbeat for ${silence(heartbeat)}` : WHY[death],
    job?.class ?? '',
    job?.queue ?? '',
    fateText(job),
  ]);
  if (lines.length > 0) io.out(`${listed(columns, rows, io)}\n`);
  printLine(io, summary);
}

function sayGrace({ io }: WorkersCall, graceMs: number): number {
  const reason = 'Redis has taken no heartbeats for a while, so old ones say nothing';
  if (graceMs > 0) say(io, `${reason} for ${duration(graceMs + 999)} more; -force-prune does not wait`);
  return EXIT.fine;
}

/** By the local clock, which is accurate enough for display. */
function silence(heartbeat: string): string {
  return duration(Date.now() - (parseTime(heartbeat) ?? 0));
}

const WHY = {
  seen: 'seen to die',
  gone: 'its process is gone',
  silent: 'it never had a heartbeat',
  unregistered: 'another program unregistered it',
} as const;

function fateText(job: Line['job']): string {
  if (job === null) return 'it had none';
  if (job.outcome === 'requeued') return 'back to its queue';
  if (job.outcome === 'quarantined') return 'to the quarantine of its queue';
  return job.outcome === 'poison_pill' ? 'failed, as a poison pill' : 'failed';
}

function sayLocked({ io }: WorkersCall, { by, leftMs }: Extract<Pruned, { kind: 'locked' }>): number {
  const who = by === '' ? 'another process' : by;
  const again = `try again in ${duration(leftMs + 999)}`;
  say(io, `${who} has pruned within the last heartbeat, as every running worker does in turn; ${again}`);
  return EXIT.problem;
}
