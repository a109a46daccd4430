/**
 * Since when Redis has accepted heartbeats without a break. During a break (Redis is down, full, read-only, or its
 * clock was set) no worker can send heartbeats, so an old one does not show a death. After a break in which heartbeats
 * may have expired, every worker gets the full time again. Stored in Redis, since a process that starts after the break
 * must know of it too.
 */
import type { Connection } from '../../redis/connection.js';
import { type Identity, keysOf } from '../identity.js';
import { ignoreWrongType } from './processes.js';

export interface BeatTimes {
  readonly heartbeatMs: number;
  readonly pruneAfterMs: number;
}

/**
 * To be called after each beat that Redis has accepted.
 * @returns since when Redis accepts beats, in ms by its clock; 0 if no break is known
 */
export async function noteBeat(connection: Connection, identity: Identity, nowMs: number, times: BeatTimes) {
  const known = await readBeats(connection, identity);
  const broken = nowMs - known.last > longestBreakMs(times) || known.since > nowMs;
  const since = broken ? nowMs : known.since;
  await connection.send(['SET', keysOf(identity).beats, `${since} ${nowMs}`]);
  return since;
}

/** @returns for how many ms old heartbeats do not show a death yet; 0 also if no process sends heartbeats */
export async function readGraceMs(connection: Connection, identity: Identity, nowMs: number, times: BeatTimes) {
  const { since, last } = await readBeats(connection, identity);
  if (nowMs - last > longestBreakMs(times)) return 0;
  return Math.max(0, since + times.pruneAfterMs - nowMs);
}

async function readBeats(connection: Connection, identity: Identity) {
  // MGET returns nil for a key of another type.
  const [text] = (await connection.send(['MGET', keysOf(identity).beats])) as [string | null];
  const [, since, last] = /^(\d+) (\d+)$/.exec(text ?? '') ?? ['', '0', 'Infinity'];
  return { since: Number(since), last: Number(last) };
}

/** Heartbeats are written in whole seconds. */
const ROUNDING_MS = 1000;

/**
 * A heartbeat is at most one interval old when a break begins. If the interval is so long that each pause between two
 * beats would be a break, only a longer one counts.
 */
function longestBreakMs({ heartbeatMs, pruneAfterMs }: BeatTimes): number {
  return Math.min(pruneAfterMs, Math.max(pruneAfterMs - heartbeatMs - ROUNDING_MS, 2 * heartbeatMs));
}

/** Deletes the key when the last process unregisters. */
export async function forgetBeats(connection: Connection, identity: Identity): Promise<void> {
  const keys = keysOf(identity);
  const others = await connection.send(['ZCARD', keys.processes]).catch(ignoreWrongType);
  if (Number(others) === 0) await connection.send(['DEL', keys.beats]);
}
