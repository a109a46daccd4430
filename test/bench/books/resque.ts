/** Resque's format, as Ruby writes it; the same for tsworker, node-resque, goworker and Ruby Resque. */
import { createClient } from '@redis/client';
import { type BenchJob, type Books, inPortions, type Producer, portionOf } from './books.js';

export const resqueBooks: Books = {
  kind: 'resque',
  // One counter for all queues.
  done: () => ['GET', 'resque:stat:processed'],
  waiting: (queue) => ['LLEN', `resque:queue:${queue}`],
  open: openProducer,
};

async function openProducer(socket: string): Promise<Producer> {
  const client = createClient({ socket: { path: socket, reconnectStrategy: false } });
  await client.connect();
  const known = new Set<string>();
  const announce = async (queue: string) => {
    if (known.has(queue)) return;
    known.add(queue);
    await client.sAdd('resque:queues', queue);
  };
  return {
    async push(queue, job) {
      await announce(queue);
      await client.rPush(`resque:queue:${queue}`, payloadOf(job));
    },
    async fill(queue, job, count) {
      await announce(queue);
      const payload = payloadOf(job);
      const portion = new Array<string>(portionOf(job)).fill(payload);
      await inPortions(count, portion.length, (size) =>
        client.rPush(`resque:queue:${queue}`, size === portion.length ? portion : portion.slice(0, size)),
      );
    },
    close: async () => client.close(),
  };
}

function payloadOf({ name, args }: BenchJob): string {
  return JSON.stringify({ class: name, args });
}
