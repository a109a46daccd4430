/** The peers from npm, each in a process of its own (see processes/), with its usual bookkeeping. */
import { beeQueueBooks } from '../books/bee-queue.js';
import { bullmqBooks } from '../books/bullmq.js';
import { resqueBooks } from '../books/resque.js';
import { processFile, type System, versionOf, type WorkerSpec } from './system.js';

function peer(name: string, about: Pick<System, 'books' | 'announces' | 'guess'>): System {
  const command = (spec: WorkerSpec) => ({
    file: process.execPath,
    args: [processFile(name.toLowerCase()), JSON.stringify(spec)],
  });
  return { name, version: versionOf(name.toLowerCase()), copies: 1, external: false, command, ...about };
}

export const bullmq = peer('BullMQ', {
  books: bullmqBooks,
  announces: false,
  guess: (concurrency) => (concurrency < 10 ? 6000 : 18_000),
});

export const nodeResque = peer('node-resque', {
  books: resqueBooks,
  announces: true,
  guess: (concurrency) => (concurrency < 10 ? 4000 : 9000) + concurrency * 100,
});

export const beeQueue = peer('bee-queue', {
  books: beeQueueBooks,
  announces: false,
  guess: (concurrency) => (concurrency < 10 ? 6000 : 25_000),
});

/** The same system in several processes, which share the slots: as tsworker's `-processes`, a fair race over all cores. */
export function inProcesses(system: System, copies: number): System {
  return {
    ...system,
    name: `${system.name}, ${copies} processes`,
    copies,
    guess: (concurrency) => system.guess(concurrency) * copies,
    command: (spec) => system.command({ ...spec, concurrency: Math.ceil(spec.concurrency / copies) }),
  };
}
