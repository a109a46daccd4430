/**
 * Pruning on demand: what the daemon does at each heartbeat, by the same rules and with the same fencing. Who is dead and
 * what becomes of the jobs is registry/prune.ts; here is only who asks.
 */
import type { Connection } from '../redis/connection.js';
import { serverTimeMs } from '../registry/clock.js';
import { findExpired, findGone } from '../registry/find-dead.js';
import type { HeartbeatOptions } from '../registry/heartbeat-options.js';
import { keysOf } from '../registry/identity.js';
import { readGraceMs } from '../registry/outages.js';
import { countProcesses } from '../registry/processes.js';
import { lockPruning, pruneExpired, pruneGone, unlockPruning } from '../registry/prune.js';
import type { Dead, Recovered } from '../registry/recover.js';
import { slices } from './batch.js';
import { findLeftovers, type Leftover, removeLeftovers } from './leftovers.js';
import { readWorkers, type WorkerSeen } from './workers.js';

export interface PruneOptions extends Omit<HeartbeatOptions, 'identity'> {
  readonly namespace: string;
  /** First part of the id under which the lock is taken. */
  readonly label: string;
}

export type Pruned =
  | {
      readonly kind: 'pruned';
      readonly workers: readonly Recovered[];
      /** For how long old heartbeats say nothing yet, since Redis took none (see registry/outages.ts): nobody was judged by them. */
      readonly graceMs: number;
      /** Workers that were registered no more, and of which keys were left. */
      readonly leftovers: readonly Recovered[];
    }
  /** Another process pruned a moment ago, or prunes now. */
  | { readonly kind: 'locked'; readonly by: string; readonly leftMs: number; readonly workers: readonly Recovered[] };

export async function pruneNow(connection: Connection, given: PruneOptions): Promise<Pruned> {
  const options = withIdentity(given);
  const workers: Recovered[] = [];
  const steps = { pruned: (worker: Recovered) => void workers.push(worker) };
  await pruneGone(connection, options, steps);
  if (!(await lockPruning(connection, options)))
    return { kind: 'locked', workers, ...(await holder(connection, options)) };
  try {
    const now = await serverTimeMs(connection);
    const graceMs = await graceOf(connection, options, now);
    if (graceMs === 0) {
      await pruneExpired(connection, options, now, steps);
      await countProcesses(connection, options.identity, now - options.pruneAfterMs);
    }
    const keys = keysOf(options.identity);
    const left = await findLeftovers(connection, keys);
    const leftovers = await removeLeftovers(connection, keys, left, options);
    return { kind: 'pruned', workers, graceMs, leftovers };
  } finally {
    // We leave at once: nobody has to wait until it expires.
    await unlockPruning(connection, options);
  }
}

export interface DeadSeen extends Dead {
  readonly worker: WorkerSeen;
}

export interface Foreseen {
  readonly dead: readonly DeadSeen[];
  /** See {@link Pruned}. */
  readonly graceMs: number;
  readonly leftovers: readonly Leftover[];
}

/** Whom {@link pruneNow} would remove, and which jobs they have. Changes nothing. */
export async function findDead(connection: Connection, given: PruneOptions): Promise<Foreseen> {
  const options = withIdentity(given);
  const now = await serverTimeMs(connection);
  const graceMs = await graceOf(connection, options, now);
  const { workers: gone } = await findGone(connection, options);
  const expired = graceMs === 0 ? await findExpired(connection, options, now) : [];
  const dead = [...new Map([...expired, ...gone].map((one) => [one.id, one])).values()];
  const seen: DeadSeen[] = [];
  for (const some of slices(dead, 500)) {
    const watch = { nowMs: now, pruneAfterMs: options.pruneAfterMs };
    const workers = await readWorkers(
      connection,
      keysOf(options.identity),
      some.map(({ id }) => id),
      watch,
    );
    seen.push(...some.map((one, i) => ({ ...one, worker: workers[i] })));
  }
  return { dead: seen, graceMs, leftovers: await findLeftovers(connection, keysOf(options.identity)) };
}

/** -force-prune overrides it. */
async function graceOf(connection: Connection, options: HeartbeatOptions, now: number): Promise<number> {
  return options.forcePrune ? 0 : await readGraceMs(connection, options.identity, now, options);
}

function withIdentity({ namespace, label, ...rest }: PruneOptions): HeartbeatOptions {
  // It has no slot and is not registered; only the lock holds its name.
  return { ...rest, identity: { namespace, label, pid: process.pid, queues: 'prune', concurrency: 0 } };
}

async function holder(connection: Connection, { identity }: HeartbeatOptions) {
  const { pruneLock } = keysOf(identity);
  const [by, leftMs] = await Promise.all([connection.send(['GET', pruneLock]), connection.send(['PTTL', pruneLock])]);
  return { by: (by as string | null) ?? '', leftMs: Math.max(0, Number(leftMs)) };
}
