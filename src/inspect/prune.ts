/**
 * Pruning on demand: the same as a worker does at each heartbeat, by the same rules and with the same fencing, which are in
 * registry/recovery/prune.ts.
 */
import type { Connection } from '../redis/connection.js';
import { serverTimeMs } from '../registry/clock.js';
import type { HeartbeatOptions } from '../registry/heartbeat-options.js';
import { keysOf } from '../registry/identity.js';
import { readGraceMs } from '../registry/processes/outages.js';
import { countProcesses } from '../registry/processes/processes.js';
import { findExpired, findGone } from '../registry/recovery/find-dead.js';
import { lockPruning, pruneExpired, pruneGone, unlockPruning } from '../registry/recovery/prune.js';
import type { Dead, Recovered } from '../registry/recovery/recover.js';
import { slices } from './batch.js';
import { findLeftovers, type Leftover, removeLeftovers } from './leftovers.js';
import { readWorkers, type WorkerSeen } from './workers.js';

export interface PruneOptions extends Omit<HeartbeatOptions, 'identity'> {
  readonly namespace: string;
  /** The first part of the id that holds the lock. */
  readonly label: string;
}

export type Pruned =
  | {
      readonly kind: 'pruned';
      readonly workers: readonly Recovered[];
      /** How long old heartbeats are still not evidence, since Redis was unavailable (see registry/processes/outages.ts). */
      readonly graceMs: number;
      /** Workers that were not registered any more and had left keys. */
      readonly leftovers: readonly Recovered[];
    }
  /** Another process prunes now, or did a moment ago. */
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
    // Released at once, so that nobody waits until it expires.
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

/** The workers that {@link pruneNow} would remove, with their jobs. Changes nothing. */
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
  // It has no slot and is not registered; its name is only in the lock.
  return { ...rest, identity: { namespace, label, pid: process.pid, queues: 'prune', concurrency: 0 } };
}

async function holder(connection: Connection, { identity }: HeartbeatOptions) {
  const { pruneLock } = keysOf(identity);
  const [by, leftMs] = await Promise.all([connection.send(['GET', pruneLock]), connection.send(['PTTL', pruneLock])]);
  return { by: (by as string | null) ?? '', leftMs: Math.max(0, Number(leftMs)) };
}
