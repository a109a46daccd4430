/** All queues: how many jobs wait in each, how that changes, and what keeps them. */
import { listQueues, queueNames } from '../../inspect/queues.js';
import { countRetries } from '../../inspect/retries.js';
import type { Connection } from '../../redis/connection.js';
import { serverTimeMs } from '../../registry/clock.js';
import type { Keys } from '../../resque/keys.js';
import type { QueueFigures } from './snapshot.js';

export async function readQueueFigures(
  connection: Connection,
  keys: Keys,
  before: QueueFigures | undefined,
): Promise<QueueFigures> {
  const [at, names, seen, retries] = await Promise.all([
    serverTimeMs(connection),
    queueNames(connection, keys),
    listQueues(connection, keys),
    countRetries(connection, keys),
  ]);
  const bytesOf = new Map(names.map(({ name, bytes }) => [name, bytes]));
  const sizeBefore = new Map(before?.rows.map(({ name, size }) => [name, size]));
  const seconds = before === undefined ? 0 : (at - before.at) / 1000;
  const rows = seen.map((queue) => {
    const then = sizeBefore.get(queue.name);
    const growth = seconds <= 0 || then === undefined ? undefined : ((queue.size ?? 0) - then) / seconds;
    return {
      ...queue,
      bytes: bytesOf.get(queue.name) ?? Buffer.from(queue.name),
      growth,
      retrying: retries.get(queue.name) ?? 0,
      headProblem: undefined,
    };
  });
  const sum = (of: 'size' | 'quarantined' | 'retrying') => rows.reduce((total, row) => total + (row[of] ?? 0), 0);
  return { at, rows, waiting: sum('size'), quarantined: sum('quarantined'), retrying: sum('retrying') };
}
