/** BullMQ's format, written by BullMQ itself. Completed jobs are kept, as it does unless told otherwise. */
import { Queue } from 'bullmq';
import { type Books, inPortions, type Producer, portionOf } from './books.js';

export const bullmqBooks: Books = {
  kind: 'bullmq',
  done: (queue) => ['ZCARD', `bull:${queue}:completed`],
  waiting: (queue) => ['LLEN', `bull:${queue}:wait`],
  open: openProducer,
};

async function openProducer(socket: string): Promise<Producer> {
  const queues = new Map<string, Queue>();
  const queueOf = (name: string): Queue => {
    const queue = queues.get(name) ?? new Queue(name, { connection: { path: socket } });
    queues.set(name, queue);
    return queue;
  };
  return {
    async push(queue, job) {
      await queueOf(queue).add(job.name, job.args);
    },
    async fill(queue, job, count) {
      const portion = new Array(portionOf(job)).fill({ name: job.name, data: job.args });
      await inPortions(count, portion.length, (size) => queueOf(queue).addBulk(portion.slice(0, size)));
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
