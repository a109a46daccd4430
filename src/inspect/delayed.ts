/** Jobs for later, as resque-scheduler and node-resque keep them: counted, and lists that are in no schedule found. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { askEach, batches } from './batch.js';
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

/**
 * Lists of delayed jobs that no scheduler would ever find, since their time is not in the schedule: Ruby enqueues in three
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

/** Puts their times into the schedule. @returns how many */
export async function repairOrphans(connection: Connection, keys: Keys, times: readonly string[]): Promise<number> {
  const added = await askEach(
    connection,
    times.map((time) => ['ZADD', keys.delayedTimes, time, time]),
  );
  return added.reduce<number>((sum, one) => sum + Number(one ?? 0), 0);
}
