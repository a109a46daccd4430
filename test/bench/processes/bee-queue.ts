/** bee-queue's worker with its defaults. */
import Queue from 'bee-queue';
import type { BenchJob } from '../books/books.js';
import { functions, onTerm, readSpec } from './worker.js';

const { socket, queues, concurrency } = readSpec();
const workers = queues.map((name) => {
  const queue = new Queue<BenchJob>(name, { redis: { path: socket } });
  queue.process(concurrency, async ({ data }: Queue.Job<BenchJob>) =>
    functions[data.name](name, ...(data.args as never[])),
  );
  return queue;
});
onTerm(() => Promise.all(workers.map((queue) => queue.close(5000))));
