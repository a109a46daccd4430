/** bee-queue's format, written by bee-queue itself. Jobs that succeeded are kept, as it does unless told otherwise. */
import Queue from 'bee-queue';
import { type BenchJob, type Books, inPortions, type Producer, portionOf } from './books.js';

export const beeQueueBooks: Books = {
  kind: 'bee-queue',
  done: (queue) => ['SCARD', `bq:${queue}:succeeded`],
  waiting: (queue) => ['LLEN', `bq:${queue}:waiting`],
  open: openProducer,
};

async function openProducer(socket: string): Promise<Producer> {
  const queues = new Map<string, Queue<BenchJob>>();
  const queueOf = (name: string): Queue<BenchJob> => {
    const options = { redis: { path: socket }, isWorker: false, getEvents: false, storeJobs: false };
    const queue = queues.get(name) ?? new Queue<BenchJob>(name, options);
    queues.set(name, queue);
    return queue;
  };
  return {
    async push(queue, job) {
      await queueOf(queue).createJob(job).save();
    },
    async fill(queue, job, count) {
      const target = queueOf(queue);
      await inPortions(count, portionOf(job), (size) =>
        target.saveAll(Array.from({ length: size }, () => target.createJob(job))),
      );
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close(1000)));
    },
  };
}
