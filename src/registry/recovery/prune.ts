/**
 * Removes the dead workers that find-dead.ts finds from the registry, many in each round trip. recover.ts decides where
 * their jobs go.
 */

import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import type { HeartbeatOptions } from '../heartbeat-options.js';
import { keysOf, processOf, workerId } from '../identity.js';
import { isOurStart } from '../processes/liveness.js';
import { forget, forgetSilent, ignoreWrongType, noteOurs } from '../processes/processes.js';
import { unregisterRange } from '../register.js';
import { scan, slices } from '../scan.js';
import { findExpired, findGone } from './find-dead.js';
import { type Dead, type Recovered, recoverWorker } from './recover.js';

export interface PruneSteps {
  /** Ends the pruning after the current step. */
  readonly signal?: AbortSignal;
  /** Called for each worker that was pruned. */
  readonly pruned: (worker: Recovered) => void;
}

/** Workers in one round trip: enough that 100,000 slots take seconds, few enough that a stop does not wait long. */
const STEP = 100;

/** Prunes, unless another process has pruned within the last heartbeat interval. */
export async function pruneDead(connection: Connection, options: HeartbeatOptions, nowMs: number, steps: PruneSteps) {
  if (await lockPruning(connection, options)) await pruneExpired(connection, options, nowMs, steps);
}

/**
 * @returns false if another process has pruned within the last heartbeat interval, or is pruning now
 * @throws Error if the lock's key is not a string, which would lock permanently
 */
export async function lockPruning(connection: Connection, options: HeartbeatOptions): Promise<boolean> {
  const { pruneLock } = keysOf(options.identity);
  const locked = await connection.send(['SET', pruneLock, workerId(options.identity, 0), ...expiryOf(options), 'NX']);
  if (locked !== null) return true;
  const holder = await connection.send(['GET', pruneLock]).catch(ignoreWrongType);
  if (holder === undefined) throw new Error(`${pruneLock} is not a string: pruning needs this key to be deleted`);
  return false;
}

/** Releases the lock if this process holds it, so that others need not wait until it expires. */
export async function unlockPruning(connection: Connection, { identity }: HeartbeatOptions): Promise<void> {
  await unregisterRange(connection, identity, { first: 0, count: 0 });
}

/** To be called with the lock, which is renewed until the end. */
export async function pruneExpired(
  connection: Connection,
  options: HeartbeatOptions,
  nowMs: number,
  { signal, pruned }: PruneSteps,
): Promise<void> {
  await sweepSuspects(connection, keysOf(options.identity), nowMs);
  const dead = await findExpired(connection, options, nowMs);
  await recoverAll(connection, options, dead, { signal, pruned, stepped: lockKeeper(connection, options) });
  if (!signal?.aborted) await forgetSilent(connection, options.identity, nowMs - options.pruneAfterMs);
}

/**
 * Prunes the workers of processes that ran on this machine and are gone. Needs no lock: each is recovered only once.
 */
export async function pruneGone(connection: Connection, options: HeartbeatOptions, steps: PruneSteps): Promise<void> {
  const keys = keysOf(options.identity);
  const { names, workers } = await findGone(connection, options);
  if (names.size === 0) return;
  const left = await recoverAll(connection, options, workers, steps);
  if (steps.signal?.aborted) return;
  // The lock of a dead process would prevent pruning until it expires.
  const lock = await connection.send(['GET', keys.pruneLock]).catch(ignoreWrongType);
  if (typeof lock === 'string' && names.has(processOf(lock))) await connection.send(['DEL', keys.pruneLock]);
  // Last: if interrupted before, the next run finds them again.
  const done = [...names].filter((name) => !left.has(name));
  await forget(connection, options.identity, done);
}

/** @returns the processes of workers that were left, since their last call came between the read of their record and the script */
async function recoverAll(
  connection: Connection,
  options: HeartbeatOptions,
  dead: readonly Dead[],
  { signal, pruned, stepped }: PruneSteps & { readonly stepped?: () => Promise<void> },
): Promise<ReadonlySet<string>> {
  const left = new globals.Set<string>();
  const keys = keysOf(options.identity);
  const firstSlots = dead.filter(({ id }) => isFirstSlot(id));
  // Without this key, a process that is alive after all claims nothing until it is registered again.
  for (const some of slices(firstSlots, STEP)) {
    const started = some.map(({ id }) => keys.started(id));
    const texts = (await connection.send(['MGET', ...started])) as (string | null)[];
    await noteOurs(
      connection,
      options.identity,
      some.filter((_, i) => isOurStart(texts[i])).map(({ id }) => processOf(id)),
    );
    await connection.send(['DEL', ...started]);
  }
  // The first slot of each process last: it reserves the name, which must not be reused before the others are removed.
  for (const some of slices([...dead.filter(({ id }) => !isFirstSlot(id)), ...firstSlots], STEP)) {
    if (signal?.aborted) return left;
    const ends = await globals.Promise.allSettled(
      some.map((worker) => recoverWorker(connection, keys, worker, options)),
    );
    ends.forEach((end, i) => {
      if (end.status === 'fulfilled' && end.value !== undefined) pruned(end.value);
      else left.add(processOf(some[i].id));
    });
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await stepped?.();
  }
  return left;
}

function isFirstSlot(id: string): boolean {
  return /^[^:]+:\d+-0:/.test(id);
}

/** Renews the lock after half of its time, so that no other process starts the same work. */
function lockKeeper(connection: Connection, options: HeartbeatOptions): () => Promise<void> {
  const { pruneLock } = keysOf(options.identity);
  const own = workerId(options.identity, 0);
  let lockedAt = performance.now();
  return async () => {
    if (performance.now() - lockedAt < options.heartbeatMs / 2) return;
    lockedAt = performance.now();
    if ((await connection.send(['GET', pruneLock])) === own)
      await connection.send(['SET', pruneLock, own, ...expiryOf(options), 'XX']);
  };
}

function expiryOf({ heartbeatMs }: HeartbeatOptions): readonly string[] {
  return ['PX', String(Math.max(1, Math.round(heartbeatMs)))];
}

const SUSPECT_MS = 72 * 3600 * 1000;

/** Removes suspected poison pills that have not run again within 72 hours (their queue was deleted, for example). */
async function sweepSuspects(connection: Connection, keys: Keys, nowMs: number): Promise<void> {
  const old: string[] = [];
  for await (const [payload, deaths] of scan(connection, ['HSCAN', keys.suspects], 2)) {
    const latest = Math.max(...deaths.split(' ').map((death) => Number.parseInt(death, 10) || 0));
    if (nowMs - latest * 1000 > SUSPECT_MS) old.push(payload);
  }
  if (old.length > 0) await connection.send(['HDEL', keys.suspects, ...old]);
}
