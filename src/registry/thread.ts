/** The entry of the heartbeat's thread: connects, beats, ends when told. */
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../redis/connect.js';
import { Heartbeat } from './heartbeat.js';
import { CONNECTING, IMPORTING, type ThreadData, type ThreadOrder } from './threaded.js';

const port = parentPort;
if (port === null) throw new Error('thread.js is the heartbeat thread: it is not to be run by itself');

const data = workerData as ThreadData;
const stopped = new AbortController();
let heartbeat: Heartbeat | undefined;
let close: (() => Promise<void>) | undefined;

port.on('message', async (_order: ThreadOrder) => {
  stopped.abort();
  await heartbeat?.stop();
  await close?.();
  port.close();
});

// Not the first: the daemon has stopped meanwhile, and ends this thread.
const first = Atomics.compareExchange(data.phase, 0, IMPORTING, CONNECTING) === IMPORTING;

try {
  if (first) await beat();
} catch (error) {
  // Ends this thread; the daemon starts another.
  if (!stopped.signal.aborted) throw error;
}

async function beat(): Promise<void> {
  const connection = await connect(
    data.connect,
    data.shownUri,
    { onReady: () => void heartbeat?.beat() },
    stopped.signal,
  );
  close = () => connection.close();
  heartbeat = new Heartbeat(connection, data.heartbeat, (message) => port?.postMessage(message));
  if (stopped.signal.aborted) await connection.close();
  else await heartbeat.start();
}
