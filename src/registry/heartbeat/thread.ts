/** Entry point of the heartbeat thread: connects, runs heartbeat and scheduler, ends at the stop message. */
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../redis/connect.js';
import { createScheduler } from '../../scheduler/create.js';
import type { Scheduler } from '../../scheduler/scheduler.js';
import { ControlChannel, type OrderMessage } from '../control.js';
import { Heartbeat } from './heartbeat.js';
import { CONNECTING, IMPORTING, type ThreadData, type ThreadOrder } from './threaded.js';

const port = parentPort;
if (port === null) throw new Error('thread.js is the heartbeat thread: it is not to be run by itself');

const data = workerData as ThreadData;
const stopped = new AbortController();
let heartbeat: Heartbeat | undefined;
let scheduler: Scheduler | undefined;
let close: (() => Promise<void>) | undefined;

port.on('message', async (_order: ThreadOrder) => {
  stopped.abort();
  await scheduler?.stop();
  await heartbeat?.stop();
  await close?.();
  port.close();
});

// If the main thread was first, the worker has stopped meanwhile, and this thread is terminated.
const first = Atomics.compareExchange(data.phase, 0, IMPORTING, CONNECTING) === IMPORTING;

try {
  if (first) await beat();
} catch (error) {
  // Ends this thread; the main thread starts another one.
  if (!stopped.signal.aborted) throw error;
}

async function beat(): Promise<void> {
  const connection = await connect(
    data.connect,
    data.shownUri,
    {
      watch: data.scheduler !== undefined,
      onReady: () => {
        void heartbeat?.beat();
        scheduler?.look();
      },
      onInvalidate: () => scheduler?.look(),
    },
    stopped.signal,
  );
  close = () => connection.close();
  heartbeat = new Heartbeat(connection, data.heartbeat, (message) => port?.postMessage(message));
  if (stopped.signal.aborted) return await connection.close();
  await heartbeat.start();
  const told = (order: OrderMessage['order']) => port?.postMessage({ kind: 'order', order } satisfies OrderMessage);
  const problem = (message: string) => port?.postMessage({ kind: 'unreachable', message });
  await new ControlChannel(connection, data.heartbeat.identity).open(told, problem);
  if (stopped.signal.aborted || data.scheduler === undefined) return;
  scheduler = createScheduler(connection, data.scheduler, (message) => port?.postMessage(message));
  await scheduler.start();
}
