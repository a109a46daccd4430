/** The time until which a job may begin: `expiresIn` of its producer. */
import { TsworkerError } from '../errors.js';
import type { Connection } from '../redis/connection.js';
import type { Due } from './due.js';

/** Ten years: more is a mistake in the unit. */
const LONGEST_SECONDS = 315_360_000;

/**
 * @param where begins the message
 * @throws TsworkerError USAGE if it is not a number of seconds
 */
export function checkExpiresIn(seconds: unknown, where: string): void {
  if (seconds === undefined || (typeof seconds === 'number' && seconds > 0 && seconds <= LONGEST_SECONDS)) return;
  throw new TsworkerError(
    'USAGE',
    `${where}: expiresIn must be a number of seconds, more than 0 and at most ten years, not ${String(seconds)}`,
  );
}

interface Expiring {
  /** Seconds. */
  readonly expiresIn?: number | undefined;
  /** Counted from this time; absent: from now. */
  readonly due?: Due | undefined;
}

/** For each job when it expires, by Redis' clock, which is read only if one does. Milliseconds since the epoch. */
export async function expiriesOf(connection: Connection, jobs: readonly Expiring[]): Promise<(number | undefined)[]> {
  if (jobs.every(({ expiresIn }) => expiresIn === undefined)) return jobs.map(() => undefined);
  const [seconds, micros] = (await connection.send(['TIME'])) as [string, string];
  const now = Number(seconds) * 1000 + Number(micros) / 1000;
  return jobs.map(({ expiresIn, due }) => (expiresIn === undefined ? undefined : startOf(due, now) + expiresIn * 1000));
}

function startOf(due: Due | undefined, now: number): number {
  if (due === undefined) return now;
  return 'at' in due ? Math.max(now, due.at.getTime()) : now + due.inMs;
}
