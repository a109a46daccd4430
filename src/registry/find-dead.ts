/**
 * Finds workers that died without leaving the registry. Their expired heartbeat says so everywhere, and wins even over a
 * process that seems alive; on our own machine a process that is gone says so at once. Changes nothing.
 */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { parseHeartbeat } from './clock.js';
import type { HeartbeatOptions } from './heartbeat.js';
import { keysOf, processOf } from './identity.js';
import { findGone } from './processes.js';
import type { Dead } from './recover.js';
import { scan } from './scan.js';

/** Workers of processes that ran on this machine and are gone. */
export async function findGoneWorkers(connection: Connection, options: HeartbeatOptions): Promise<Dead[]> {
  const names = new Set(await findGone(connection, options.identity));
  return await workersOf(connection, keysOf(options.identity), names);
}

/** @param names of processes that are gone */
export async function workersOf(connection: Connection, keys: Keys, names: ReadonlySet<string>): Promise<Dead[]> {
  if (names.size === 0) return [];
  const dead: Dead[] = [];
  for (const [id, heartbeat] of await readHeartbeats(connection, keys))
    if (names.has(processOf(id))) dead.push({ id, death: 'gone', heartbeat });
  return dead;
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

async function readHeartbeats(connection: Connection, keys: Keys): Promise<Map<string, string>> {
  const heartbeats = new Map<string, string>();
  for await (const [id, text] of scan(connection, ['HSCAN', keys.heartbeats], 2)) heartbeats.set(id, text);
  return heartbeats;
}

/** Ids of another form belong to programs we do not know: they are left alone. */
function isWorkerId(id: string): boolean {
  return /^[^:]+:\d+([-+]\d+)?:./.test(id);
}
