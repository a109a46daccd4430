/** Pushes jobs one by one at random intervals into random queues, each with the time of its push. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BooksKind, openBooks } from '../books/books.js';
import { nowMs } from '../jobs/bench.js';

export interface ProducerOrders {
  readonly kind: BooksKind;
  readonly socket: string;
  readonly queues: readonly string[];
  readonly pushes: number;
  /** The mean of the exponential pauses between two pushes. */
  readonly pauseMs: number;
  /** Each job goes to a queue that nobody has used before. */
  readonly fresh?: boolean;
}

const { kind, socket, queues, pushes, pauseMs, fresh } = JSON.parse(process.argv[2]) as ProducerOrders;
const producer = await (await openBooks(kind)).open(socket);
// The first push of a queue opens what the client needs; it is not to be measured.
for (const queue of queues) await producer.push(queue, { name: 'Noop', args: [] });
await sleep(300);
for (let i = 0; i < pushes; i++) {
  await sleep(1 - Math.log(1 - Math.random()) * pauseMs);
  const queue = fresh ? `fresh${i}` : queues[Math.floor(Math.random() * queues.length)];
  await producer.push(queue, { name: 'Latency', args: [nowMs(), pushes] });
}
await producer.close();
process.exit(0);
