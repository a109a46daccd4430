/** Delayed jobs in the format of resque-scheduler and node-resque: counts them, and finds lists that are not in the schedule. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { askEach, batches } from './batch.js';
import { parseTime } from './time.js';

export interface Delayed {
  /** The number of different times with jobs. */
  readonly times: number;
  /** The number of jobs for all these times; undefined if there are too many times to count. */
  readonly jobs: number | undefined;
  /** The first of these times. Milliseconds since the epoch. */
  readonly nextAt: number | undefined;
}

/** The number of times whose jobs are counted: each has its own list. */
const MOST_TIMES = 1000;

/** @returns undefined if there are none */
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

/**
 * Lists of delayed jobs that no scheduler would find, since their time is not in the schedule: Ruby enqueues with three
 * commands, and may die between them.
 */
export async function findOrphans(connection: Connection, keys: Keys): Promise<string[]> {
  const prefix = keys.delayedAt('');
  const orphans: string[] = [];
  for await (const some of batches(scanLists(connection, keys), 500)) {
    const times = some.map((key) => key.slice(prefix.length)).filter((time) => /^\d+$/.test(time));
    const scores = await askEach(
      connection,
      times.map((time) => ['ZSCORE', keys.delayedTimes, time]),
    );
    orphans.push(...times.filter((_, i) => scores[i] === null));
  }
  return orphans;
}

async function* scanLists(connection: Connection, keys: Keys): AsyncGenerator<string> {
  const pattern = `${keys.delayedAt('').replace(/[*?[\]\\]/g, '\\$&')}*`;
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, some] = (await connection.send([
      'SCAN',
      cursor,
      'MATCH',
      pattern,
      'COUNT',
      '1000',
      'TYPE',
      'list',
    ])) as [string, string[]];
    for (const key of some) if (!seen.has(key)) yield key;
    for (const key of some) seen.add(key);
    cursor = next;
  } while (cursor !== '0');
}

/** Adds their times to the schedule. @returns the number of times */
export async function repairOrphans(connection: Connection, keys: Keys, times: readonly string[]): Promise<number> {
  const added = await askEach(
    connection,
    times.map((time) => ['ZADD', keys.delayedTimes, time, time]),
  );
  return added.reduce<number>((sum, one) => sum + Number(one ?? 0), 0);
}
