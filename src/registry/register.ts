/** Entering the registry and leaving it. Beating in between is heartbeat.ts. */

import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { heartbeatText, serverTimeMs } from './clock.js';
import { type Identity, idParts, keysOf, processName, type SlotRange, slotRanges, workerId } from './identity.js';
import { forgetBeats } from './outages.js';
import { hideProcesses, showProcess } from './processes.js';

/**
 * Registers every slot. An id that somebody uses, or that a dead worker left behind, is never taken: the label gets a
 * number then (two containers may have the same host name, and both the pid 1).
 * @returns the identity that is ours now
 */
export async function register(connection: Connection, wanted: Identity): Promise<Identity> {
  for (let attempt = 1; ; attempt++) {
    const identity = attempt === 1 ? wanted : { ...wanted, label: `${wanted.label}.${attempt}` };
    if (!(await reserve(connection, identity))) continue;
    await reenter(connection, identity);
    return identity;
  }
}

/** The first slot's id stands for all: every process has a slot 0. */
async function reserve(connection: Connection, identity: Identity): Promise<boolean> {
  const keys = keysOf(identity);
  const id = workerId(identity, 0);
  const now = await serverTimeMs(connection);
  const args = [keys.heartbeats, keys.worker(id), keys.started(id), id, startedText(now), heartbeatText(now)];
  return (await callScript(connection, SCRIPTS.register, [keys.workers], args)) === 1;
}

/**
 * Writes every slot into the registry: at start, and again at each beat, since whoever took us for dead removed us.
 * @returns how many ids were not in the set of workers
 */
export async function enterAll(connection: Connection, identity: Identity, nowMs: number): Promise<number> {
  const keys = keysOf(identity);
  const script = SCRIPTS.enter;
  const { prefix, suffix } = idParts(identity);
  const texts = [heartbeatText(nowMs), startedText(nowMs)];
  let missing = 0;
  // The first slot last: while it is not registered, we claim nothing.
  for (const { first, count } of slotRanges(identity).reverse()) {
    const args = [keys.heartbeats, ...texts, keys.worker(''), prefix, suffix, String(first), String(count)];
    missing += Number(await callScript(connection, script, [keys.workers], args));
  }
  return missing;
}

/** For a process that is not registered, or finds itself removed: it need not wait for the next beat. */
export async function reenter(connection: Connection, identity: Identity): Promise<void> {
  const now = await serverTimeMs(connection);
  // Only helps others to find us. Each beat shows us again, and says what is wrong.
  await showProcess(connection, identity, now).catch(() => {});
  await enterAll(connection, identity, now);
}

/** @returns how many workers still hold a job, and so stay registered until they are pruned */
export async function unregister(connection: Connection, identity: Identity): Promise<number> {
  const ranges = slotRanges(identity);
  const replies = await globals.Promise.all(ranges.map((range) => unregisterRange(connection, identity, range)));
  const kept = replies.reduce((sum, reply) => sum + reply, 0);
  if (kept > 0) return kept;
  await hideProcesses(connection, identity, [processName(identity)]);
  await forgetBeats(connection, identity);
  return 0;
}

/** An empty range only gives up the lock for pruning, where it is ours. */
export async function unregisterRange(connection: Connection, identity: Identity, { first, count }: SlotRange) {
  const keys = keysOf(identity);
  const { prefix, suffix } = idParts(identity);
  const prefixes = [keys.worker(''), keys.processedBy(''), keys.failuresOf('')];
  const args = [keys.heartbeats, keys.pruneLock, ...prefixes, prefix, suffix, String(first), String(count)];
  return Number(await callScript(connection, SCRIPTS.unregister, [keys.workers], args));
}

/** As Ruby writes it: `2026-11-24 02:58:25 +0000`. */
function startedText(nowMs: number): string {
  return `${new globals.Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}
