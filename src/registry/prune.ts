/**
 * Finds workers that died without leaving the books. Their expired heartbeat says so everywhere, and wins even over a
 * process that seems alive; on our own machine a process that is gone says so at once. What becomes of their jobs is
 * recover.ts.
 */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { parseHeartbeat } from './clock.js';
import type { HeartbeatOptions } from './heartbeat.js';
import { keysOf, processOf, workerId } from './identity.js';
import { findGone, hideProcesses } from './processes.js';
import { type Dead, type Recovered, recoverWorker } from './recover.js';
import { scan } from './scan.js';

/** @returns the workers pruned; none when another process has pruned within the last heartbeat */
export async function pruneDead(
  connection: Connection,
  options: HeartbeatOptions,
  nowMs: number,
): Promise<Recovered[]> {
  return (await lockPruning(connection, options)) ? await pruneExpired(connection, options, nowMs) : [];
}

/** @returns false where another process has pruned within the last heartbeat, or prunes now */
export async function lockPruning(connection: Connection, { identity, heartbeatMs }: HeartbeatOptions) {
  const lockMs = String(Math.max(1, Math.round(heartbeatMs)));
  const own = workerId(identity, 0);
  return (await connection.send(['SET', keysOf(identity).pruneLock, own, 'PX', lockMs, 'NX'])) !== null;
}

/** For who leaves: nobody has to wait until the lock expires. One that is no longer ours stays. */
export async function unlockPruning(connection: Connection, { identity }: HeartbeatOptions): Promise<void> {
  const keys = keysOf(identity);
  const args = [keys.heartbeats, keys.pruneLock, workerId(identity, 0)];
  await callScript(connection, SCRIPTS.unregister, [keys.workers], args);
}

/** To be called under the lock. @returns the workers pruned */
export async function pruneExpired(connection: Connection, options: HeartbeatOptions, nowMs: number) {
  await sweepSuspects(connection, keysOf(options.identity), nowMs);
  return await recoverAll(connection, options, await findExpired(connection, options, nowMs));
}

/**
 * Workers of processes that ran on this machine and are gone. Needs no lock: of several that find them one takes each.
 * @returns the workers pruned
 */
export async function pruneGone(connection: Connection, options: HeartbeatOptions): Promise<Recovered[]> {
  const keys = keysOf(options.identity);
  const names = new Set(await findGone(connection, options.identity));
  if (names.size === 0) return [];
  const recovered = await recoverAll(connection, options, await workersOf(connection, keys, names));
  // Nobody else could prune until it expires.
  const lock = (await connection.send(['GET', keys.pruneLock])) as string | null;
  if (lock !== null && names.has(processOf(lock))) await connection.send(['DEL', keys.pruneLock]);
  // Last: who is interrupted before finds them again.
  await hideProcesses(connection, options.identity, [...names]);
  return recovered;
}

/** Whom {@link pruneGone} would take out. */
export async function findGoneWorkers(connection: Connection, options: HeartbeatOptions): Promise<Dead[]> {
  const names = new Set(await findGone(connection, options.identity));
  return names.size === 0 ? [] : await workersOf(connection, keysOf(options.identity), names);
}

async function workersOf(connection: Connection, keys: Keys, names: ReadonlySet<string>): Promise<Dead[]> {
  const dead: Dead[] = [];
  for (const [id, heartbeat] of await readHeartbeats(connection, keys))
    if (names.has(processOf(id))) dead.push({ id, death: 'gone', heartbeat });
  return dead;
}

async function recoverAll(connection: Connection, options: HeartbeatOptions, dead: readonly Dead[]) {
  const keys = keysOf(options.identity);
  const firstSlots = dead.filter(({ id }) => isFirstSlot(id));
  // A process that is not dead after all claims nothing until it is in the books again: nobody would see whose job it is.
  if (firstSlots.length > 0) await connection.send(['DEL', ...firstSlots.map(({ id }) => keys.started(id))]);
  const recovered: Recovered[] = [];
  // The first slot of each last: it holds the name, and nobody may take that over before the others are out.
  for (const worker of [...dead.filter(({ id }) => !isFirstSlot(id)), ...firstSlots]) {
    const done = await recoverWorker(connection, keys, worker, options);
    if (done !== undefined) recovered.push(done);
  }
  return recovered;
}

function isFirstSlot(id: string): boolean {
  return /^[^:]+:\d+-0:/.test(id);
}

async function readHeartbeats(connection: Connection, keys: Keys): Promise<Map<string, string>> {
  const heartbeats = new Map<string, string>();
  for await (const [id, text] of scan(connection, ['HSCAN', keys.heartbeats], 2)) heartbeats.set(id, text);
  return heartbeats;
}

/** Those whose heartbeat is too old, or, with forcePrune, who never had one. */
export async function findExpired(connection: Connection, options: HeartbeatOptions, nowMs: number): Promise<Dead[]> {
  const keys = keysOf(options.identity);
  const heartbeats = await readHeartbeats(connection, keys);
  const dead: Dead[] = [];
  for (const [id, heartbeat] of heartbeats) {
    const beat = parseHeartbeat(heartbeat);
    if (beat !== undefined && nowMs - beat > options.pruneAfterMs) dead.push({ id, death: 'expired', heartbeat });
  }
  if (!options.forcePrune) return dead;
  for await (const [id] of scan(connection, ['SSCAN', keys.workers], 1))
    if (!heartbeats.has(id) && isWorkerId(id)) dead.push({ id, death: 'silent', heartbeat: '' });
  return dead;
}

/** Ids of another form belong to programs we do not know: they are left alone. */
function isWorkerId(id: string): boolean {
  return /^[^:]+:\d+([-+]\d+)?:./.test(id);
}

const SUSPECT_MS = 72 * 3600 * 1000;

/** Suspects that never ran again (somebody deleted their queue) must not slow down every claim for ever. */
async function sweepSuspects(connection: Connection, keys: Keys, nowMs: number): Promise<void> {
  const old: string[] = [];
  for await (const [payload, deaths] of scan(connection, ['HSCAN', keys.suspects], 2)) {
    const latest = Math.max(...deaths.split(' ').map((death) => Number.parseInt(death, 10) || 0));
    if (nowMs - latest * 1000 > SUSPECT_MS) old.push(payload);
  }
  if (old.length > 0) await connection.send(['HDEL', keys.suspects, ...old]);
}
