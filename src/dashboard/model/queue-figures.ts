/** All queues: how many jobs wait in each, how that changes, and what keeps them. */
import { readJob } from '../../inspect/payload.js';
import { readQueueSizes } from '../../inspect/queue-sizes.js';
import { type QueueName, queueNameOf, queueNames } from '../../inspect/queues.js';
import type { Connection } from '../../redis/connection.js';
import { serverTimeMs } from '../../registry/clock.js';
import { scanBytes } from '../../registry/scan.js';
import type { Keys } from '../../resque/keys.js';
import type { QueueFigures } from './snapshot.js';

/** Queues with jobs of which the head is looked at: the largest. */
const MOST_HEADS = 100;

export async function readQueueFigures(
  connection: Connection,
  keys: Keys,
  before: QueueFigures | undefined,
): Promise<QueueFigures> {
  const at = await serverTimeMs(connection);
  const names = await namesOf(connection, keys);
  const known = new Map(before?.rows.map((row) => [row.name, row]));
  const largest = largestOf(before);
  const sizes = await readQueueSizes(connection, keys, names, ({ name }) => largest === undefined || largest.has(name));
  const seconds = before === undefined ? 0 : (at - before.at) / 1000;
  const rows = names.map(({ name, bytes }, i) => {
    const { head, size, ...rest } = sizes[i];
    const then = known.get(name)?.size;
    const growth = seconds <= 0 || then === undefined ? undefined : ((size ?? 0) - then) / seconds;
    const job = head && readJob(head);
    return { ...rest, name, bytes, size, growth, headAt: job?.enqueuedAt, headProblem: job?.problem };
  });
  const sum = (of: 'size' | 'quarantined' | 'retrying') => rows.reduce((total, row) => total + (row[of] ?? 0), 0);
  return { at, rows, waiting: sum('size'), quarantined: sum('quarantined'), retrying: sum('retrying') };
}

/** undefined: all may be looked at, since they are few, or nobody knows them yet. */
function largestOf(before: QueueFigures | undefined): ReadonlySet<string> | undefined {
  if (before === undefined || before.rows.length <= MOST_HEADS) return undefined;
  const bySize = [...before.rows].sort((a, b) => (b.size ?? 0) - (a.size ?? 0));
  return new Set(bySize.slice(0, MOST_HEADS).map(({ name }) => name));
}

/** By name; also those of which only quarantines or retries are left. */
async function namesOf(connection: Connection, keys: Keys): Promise<QueueName[]> {
  const byName = new Map((await queueNames(connection, keys)).map((one) => [one.name, one]));
  const others = [...(await membersOf(connection, keys)), ...(await retrying(connection, keys))];
  for (const bytes of others) {
    const one = queueNameOf(bytes);
    if (!byName.has(one.name)) byName.set(one.name, one);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function membersOf(connection: Connection, keys: Keys): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const [bytes] of scanBytes(connection, ['SSCAN', keys.quarantines], 1)) found.push(bytes);
  return found;
}

const MOST_RETRYING = 1000;

async function retrying(connection: Connection, keys: Keys): Promise<Buffer[]> {
  const range = ['ZRANGE', keys.retries, '0', String(MOST_RETRYING - 1)];
  return (await connection.send(range, { binary: true })) as Buffer[];
}
