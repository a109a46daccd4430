/** Jobs for later, as resque-scheduler and node-resque keep them. Only counts; moves none. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { askEach } from './batch.js';
import { parseTime } from './time.js';

export interface Delayed {
  /** Different times for which there are jobs. */
  readonly times: number;
  /** Jobs for all these times; undefined where there are too many times to count. */
  readonly jobs: number | undefined;
  /** The first of these times. Milliseconds. */
  readonly nextAt: number | undefined;
}

/** Times whose jobs are counted: each is a list of its own. */
const MOST_TIMES = 1000;

/** @returns undefined where nobody keeps any */
export async function readDelayed(connection: Connection, keys: Keys): Promise<Delayed | undefined> {
  const [times, first] = await Promise.all([
    connection.send(['ZCARD', keys.delayedTimes]),
    connection.send(['ZRANGE', keys.delayedTimes, '0', String(MOST_TIMES - 1)]),
  ]);
  const some = first as string[];
  if (some.length === 0) return undefined;
  const jobs = Number(times) > MOST_TIMES ? undefined : await countJobs(connection, keys, some);
  return { times: Number(times), jobs, nextAt: parseTime(some[0]) };
}

async function countJobs(connection: Connection, keys: Keys, times: readonly string[]): Promise<number> {
  const sizes = await askEach(
    connection,
    times.map((time) => ['LLEN', keys.delayedAt(time)]),
  );
  return sizes.reduce<number>((sum, size) => sum + Number(size ?? 0), 0);
}
