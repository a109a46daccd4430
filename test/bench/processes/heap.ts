/** A program that works jobs by the library, and says over IPC how large its heap is after a full collection. */
import { work } from 'tsworker';
import { readSpec } from './worker.js';

const { socket, queues, concurrency } = readSpec();
const jobs = new URL('../jobs/', import.meta.url).pathname;

process.on('message', (message) => {
  if (message === 'stop') process.exit(0);
  // Twice: what the first collection finalizes, the second frees.
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
await work({ uri: `unix://${socket}`, queues: queues.join(','), concurrency, jobs: [jobs], logLevel: 'warn' });
