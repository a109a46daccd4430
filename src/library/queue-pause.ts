/** Pausing one queue from a program. */
import { TsworkerError } from '../errors.js';
import { pauseQueue as pause, readQueuePauses, resumeQueue as resume } from '../inspect/queue-pause.js';
import { connected } from '../program/connection.js';
import { program } from '../program/state.js';
import { createKeys } from '../resque/keys.js';
import { checkQueueName } from '../resque/queue-name.js';

/** Well below the longest expiry that Redis accepts: about 3,000 years. */
const MOST_SECONDS = 1e11;

/**
 * Pauses a queue: no worker claims its jobs until it is resumed; running jobs continue. Ruby workers respect it with
 * resque-pause or Mission Control; without them they continue, as goworker and node-resque do.
 * @param options.for seconds until the pause ends by itself. Default: until resumed
 * @throws TsworkerError USAGE for an invalid queue or time; REDIS if Redis cannot be reached
 */
export async function pauseQueue(queue: string, options: { readonly for?: number } = {}): Promise<void> {
  checkQueueName(queue, 'pauseQueue');
  const { for: seconds } = options;
  if (seconds !== undefined && !(typeof seconds === 'number' && seconds > 0 && seconds <= MOST_SECONDS))
    throw new TsworkerError(
      'USAGE',
      `pauseQueue: for must be a number of seconds, more than 0, not ${String(seconds)}`,
    );
  const { connection, namespace } = await connected();
  await pause(connection, createKeys(namespace), queue, seconds === undefined ? undefined : seconds * 1000);
  tellOurWorker(queue);
}

/**
 * Resumes a queue: workers claim its jobs again, at once.
 * @returns whether it was paused
 * @throws TsworkerError USAGE for an invalid queue; REDIS if Redis cannot be reached
 */
export async function resumeQueue(queue: string): Promise<boolean> {
  checkQueueName(queue, 'resumeQueue');
  const { connection, namespace } = await connected();
  const wasPaused = await resume(connection, createKeys(namespace), queue);
  tellOurWorker(queue);
  return wasPaused;
}

/** Redis notifies a connection only of other connections' writes. */
function tellOurWorker(queue: string): void {
  program().working?.jobsPushed([queue]);
}

/**
 * Whether the queue is paused.
 * @throws TsworkerError USAGE for an invalid queue; REDIS if Redis cannot be reached
 */
export async function isQueuePaused(queue: string): Promise<boolean> {
  checkQueueName(queue, 'isQueuePaused');
  const { connection, namespace } = await connected();
  const [found] = await readQueuePauses(connection, createKeys(namespace), [queue]);
  return found !== undefined;
}
