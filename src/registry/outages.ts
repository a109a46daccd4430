/**
 * Since when Redis has taken heartbeats without a break. While it does not (it is down, full, read-only, or its clock was
 * set) nobody can show that he lives, and an old heartbeat says nothing. After a break in which heartbeats may have expired,
 * everybody gets the full time once more. It stands in Redis, beside the heartbeats: a process that starts after the
 * break must know of it too.
 */
import type { Connection } from '../redis/connection.js';
import { type Identity, keysOf } from './identity.js';
import { ignoreWrongType } from './processes.js';

export interface BeatTimes {
  readonly heartbeatMs: number;
  readonly pruneAfterMs: number;
}

/**
 * To be called after each beat that Redis has taken.
 * @returns since when it takes them, in ms by its own clock; 0 where no break is known
 */
export async function noteBeat(connection: Connection, identity: Identity, nowMs: number, times: BeatTimes) {
  const known = await readBeats(connection, identity);
  const broken = nowMs - known.last > longestBreakMs(times) || known.since > nowMs;
  const since = broken ? nowMs : known.since;
  await connection.send(['SET', keysOf(identity).beats, `${since} ${nowMs}`]);
  return since;
}

/** @returns for how long old heartbeats say nothing yet; 0 also where nobody beats, so that nobody can tell */
export async function readGraceMs(connection: Connection, identity: Identity, nowMs: number, times: BeatTimes) {
  const { since, last } = await readBeats(connection, identity);
  if (nowMs - last > longestBreakMs(times)) return 0;
  return Math.max(0, since + times.pruneAfterMs - nowMs);
}

async function readBeats(connection: Connection, identity: Identity) {
  // MGET takes a key of another type for one that is not there.
  const [text] = (await connection.send(['MGET', keysOf(identity).beats])) as [string | null];
  const [, since, last] = /^(\d+) (\d+)$/.exec(text ?? '') ?? ['', '0', 'Infinity'];
  return { since: Number(since), last: Number(last) };
}

/** Heartbeats are written in whole seconds. */
const ROUNDING_MS = 1000;

/**
 * A heartbeat is at most one interval old when a break begins. Where beats are so rare that each pause between two of them
 * would be a break, only a longer one counts.
 */
function longestBreakMs({ heartbeatMs, pruneAfterMs }: BeatTimes): number {
  return Math.min(pruneAfterMs, Math.max(pruneAfterMs - heartbeatMs - ROUNDING_MS, 2 * heartbeatMs));
}

/** For the last process that leaves: the key must not outlive the fleet. */
export async function forgetBeats(connection: Connection, identity: Identity): Promise<void> {
  const keys = keysOf(identity);
  const others = await connection.send(['ZCARD', keys.processes]).catch(ignoreWrongType);
  if (Number(others) === 0) await connection.send(['DEL', keys.beats]);
}
