/** Registers and unregisters. The heartbeats in between are in heartbeat.ts. */

import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { heartbeatText, serverTimeMs } from './clock.js';
import { type Identity, idParts, keysOf, processName, type SlotRange, slotRanges, workerId } from './identity.js';
import { forgetBeats } from './processes/outages.js';
import { hideProcesses, showProcess } from './processes/processes.js';

/**
 * Registers every slot. An id that is in use, or that a dead worker has left, is never reused: a number is appended to
 * the label (two containers may have the same host name, and both pid 1).
 * @returns the registered identity
 */
export async function register(connection: Connection, wanted: Identity): Promise<Identity> {
  for (let attempt = 1; ; attempt++) {
    const identity = attempt === 1 ? wanted : { ...wanted, label: `${wanted.label}.${attempt}` };
    if (!(await reserve(connection, identity))) continue;
    await reenter(connection, identity);
    return identity;
  }
}

/** Reserves the id of slot 0, which every process has, for all slots. */
async function reserve(connection: Connection, identity: Identity): Promise<boolean> {
  const keys = keysOf(identity);
  const id = workerId(identity, 0);
  const now = await serverTimeMs(connection);
  const args = [keys.heartbeats, keys.worker(id), keys.started(id), id, startedText(now), heartbeatText(now)];
  return (await callScript(connection, SCRIPTS.register, [keys.workers], args)) === 1;
}

/**
 * Writes every slot into the registry: at the start, and again at each beat, since another process may have declared
 * this one dead and removed it.
 * @returns how many ids were not in the set of workers
 */
export async function enterAll(connection: Connection, identity: Identity, nowMs: number): Promise<number> {
  const keys = keysOf(identity);
  const script = SCRIPTS.enter;
  const { prefix, suffix } = idParts(identity);
  const texts = [heartbeatText(nowMs), startedText(nowMs)];
  let missing = 0;
  // The first slot last: until it is registered, this process claims nothing.
  for (const { first, count } of slotRanges(identity).reverse()) {
    const args = [keys.heartbeats, ...texts, keys.worker(''), prefix, suffix, String(first), String(count)];
    missing += Number(await callScript(connection, script, [keys.workers], args));
  }
  return missing;
}

/** Registers at once, without waiting for the next beat. */
export async function reenter(connection: Connection, identity: Identity): Promise<void> {
  const now = await serverTimeMs(connection);
  // Not essential: each beat does it again, and reports errors.
  await showProcess(connection, identity, now).catch(() => {});
  await enterAll(connection, identity, now);
}

/** @returns how many workers still have a job in their record, and so stay registered until they are pruned */
export async function unregister(connection: Connection, identity: Identity): Promise<number> {
  const ranges = slotRanges(identity);
  const replies = await globals.Promise.all(ranges.map((range) => unregisterRange(connection, identity, range)));
  const kept = replies.reduce((sum, reply) => sum + reply, 0);
  if (kept > 0) return kept;
  await hideProcesses(connection, identity, [processName(identity)]);
  await forgetBeats(connection, identity);
  return 0;
}

/** An empty range only releases the lock for pruning, if this process holds it. */
export async function unregisterRange(connection: Connection, identity: Identity, { first, count }: SlotRange) {
  const keys = keysOf(identity);
  const { prefix, suffix } = idParts(identity);
  const prefixes = [keys.worker(''), keys.processedBy(''), keys.failuresOf('')];
  const args = [keys.heartbeats, keys.pruneLock, ...prefixes, prefix, suffix, String(first), String(count)];
  return Number(await callScript(connection, SCRIPTS.unregister, [keys.workers], args));
}

/** Ruby's format: `2026-11-24 02:58:25 +0000`. */
function startedText(nowMs: number): string {
  return `${new globals.Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}
