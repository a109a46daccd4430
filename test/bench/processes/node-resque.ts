/**
 * node-resque's MultiWorker with a fixed number of task processors, each with a connection of its own, as its README has
 * it. By itself it starts one every half second: here all start at once, so that it need not be waited for.
 */
import { MultiWorker } from 'node-resque';
import { functions, onTerm, readSpec } from './worker.js';

const { socket, queues, concurrency } = readSpec();
const performs = Object.entries(functions).map(([name, perform]) => [
  name,
  { perform: async (...args: unknown[]) => perform('', ...(args as never[])) },
]);
const options = {
  connection: { pkg: 'ioredis', options: { path: socket } },
  queues: [...queues],
  minTaskProcessors: concurrency,
  maxTaskProcessors: concurrency,
};
const multi = new MultiWorker(options, Object.fromEntries(performs));
multi.on('error', (error) => console.error(error));
onTerm(() => multi.end());
// Private, but what its own loop calls.
const starter = multi as unknown as { startWorker(): Promise<void> };
const started = Array.from({ length: concurrency }, () => starter.startWorker());
multi.start();
await Promise.all(started);
console.log('ready');
