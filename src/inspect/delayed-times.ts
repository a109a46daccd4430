/** The delayed jobs by their times, the next first: so many times, and the first jobs of each. */
import type { Connection } from '../redis/connection.js';
import { isDenied } from '../redis/permissions.js';
import type { Keys } from '../resque/keys.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { askEach } from './batch.js';
import { type DelayedJob, readDelayedJob } from './delayed-items.js';

export interface DelayedTime {
  /** As it stands in the schedule. */
  readonly time: string;
  /** Milliseconds; undefined where it is no number. */
  readonly dueAt: number | undefined;
  readonly size: number;
  readonly jobs: readonly DelayedJob[];
}

const MOST_BYTES = 1_000_000;

/** Two calls. @param from the first time, counted from the next */
export async function readDelayedTimes(
  connection: Connection,
  keys: Keys,
  { from, times: most, jobs }: { readonly from: number; readonly times: number; readonly jobs: number },
): Promise<DelayedTime[]> {
  const range = ['ZRANGE', keys.delayedTimes, String(from), String(from + most - 1)];
  const times = (await connection.send(range)) as string[];
  if (times.length === 0) return [];
  const lists = times.map((time) => keys.delayedAt(time));
  const found = await peek(connection, lists, jobs);
  return times.map((time, i) => ({
    time,
    dueAt: Number.isFinite(Number(time)) ? Number(time) * 1000 : undefined,
    size: found[i].size,
    jobs: found[i].entries.map((item) => readDelayedJob({ time, item })),
  }));
}

async function peek(connection: Connection, lists: readonly string[], jobs: number) {
  try {
    const args = [String(jobs), String(MOST_BYTES)];
    const reply = (await callScript(connection, SCRIPTS.peekLists, lists, args, { binary: true })) as unknown[];
    return lists.map((_, i) => ({ size: Number(reply[2 * i]), entries: reply[2 * i + 1] as Buffer[] }));
  } catch (error) {
    // A user who may only read may call no script: then the numbers alone.
    if (!isDenied(error)) throw error;
    const sizes = await askEach(
      connection,
      lists.map((list) => ['LLEN', list]),
    );
    return sizes.map((size) => ({ size: Number(size ?? 0), entries: [] }));
  }
}
