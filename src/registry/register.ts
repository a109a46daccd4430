/** Entering the books and leaving them. Beating in between is heartbeat.ts. */
import type { Connection } from '../redis/connection.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { heartbeatText, serverTimeMs } from './clock.js';
import { type Identity, idChunks, keysOf, processName, workerId } from './identity.js';
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
    await enterAll(connection, identity, await serverTimeMs(connection));
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
 * Writes every slot into the books: at start, and again at each beat, since whoever took us for dead took us out.
 * @returns how many ids were not in the set of workers
 */
export async function enterAll(connection: Connection, identity: Identity, nowMs: number): Promise<number> {
  const keys = keysOf(identity);
  const script = SCRIPTS.enter;
  const first = keys.started(workerId(identity, 0));
  const texts = [heartbeatText(nowMs), startedText(nowMs)];
  let missing = 0;
  await showProcess(connection, identity, nowMs);
  // The first slot last: while it is not in, we claim nothing.
  for (const [n, ids] of [...[...idChunks(identity)].entries()].reverse()) {
    const workers = ids.flatMap((id) => [id, keys.started(id)]);
    const args = [keys.heartbeats, ...texts, n === 0 ? first : '', ...workers];
    missing += Number(await callScript(connection, script, [keys.workers], args));
  }
  return missing;
}

/** For a process that finds itself taken out of the books: it need not wait for the next beat. */
export async function reenter(connection: Connection, identity: Identity): Promise<void> {
  await enterAll(connection, identity, await serverTimeMs(connection));
}

/** @returns how many workers still hold a job, and so stay registered until they are pruned */
export async function unregister(connection: Connection, identity: Identity): Promise<number> {
  const keys = keysOf(identity);
  const script = SCRIPTS.unregister;
  const replies: Promise<unknown>[] = [];
  for (const ids of idChunks(identity)) {
    const args = ids.flatMap((id) => [
      id,
      keys.worker(id),
      keys.started(id),
      keys.processedBy(id),
      keys.failuresOf(id),
    ]);
    replies.push(
      callScript(connection, script, [keys.workers], [keys.heartbeats, keys.pruneLock, workerId(identity, 0), ...args]),
    );
  }
  const kept = (await Promise.all(replies)).reduce<number>((sum, reply) => sum + Number(reply), 0);
  if (kept === 0) await hideProcesses(connection, identity, [processName(identity)]);
  return kept;
}

/** As Ruby writes it: `2026-11-24 02:58:25 +0000`. */
function startedText(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}
