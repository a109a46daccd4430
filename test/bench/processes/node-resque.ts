/**
 * node-resque's MultiWorker with a fixed number of task processors, each with a connection of its own, as its README has
 * it. It starts one at each look at its event loop: while it starts, it looks often and minds no delay; then at its default.
 */
import { MultiWorker } from 'node-resque';
import { functions, onTerm, readSpec } from './worker.js';

const { socket, queues, concurrency } = readSpec();
const [FAST_CHECK_MS, USUAL_CHECK_MS] = [2, 500];

const performs = Object.entries(functions).map(([name, perform]) => [
  name,
  { perform: async (...args: unknown[]) => perform('', ...(args as never[])) },
]);
const options = {
  connection: { pkg: 'ioredis', options: { path: socket } },
  queues: [...queues],
  minTaskProcessors: concurrency,
  maxTaskProcessors: concurrency,
  checkTimeout: FAST_CHECK_MS,
  maxEventLoopDelay: 10_000,
};
const multi = new MultiWorker(options, Object.fromEntries(performs));
multi.on('error', (error) => console.error(error));
multi.on('multiWorkerAction', () => {
  if (multi.workers.length < concurrency || multi.options.checkTimeout === USUAL_CHECK_MS) return;
  multi.options.checkTimeout = USUAL_CHECK_MS;
  console.log('ready');
});
multi.start();
onTerm(() => multi.end());
