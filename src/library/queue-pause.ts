/** Pausing one queue from a program. */
import { TsworkerError } from '../errors.js';
import { pauseQueue as pause, readQueuePauses, resumeQueue as resume } from '../inspect/queue-pause.js';
import { connected } from '../program/connection.js';
import { program } from '../program/state.js';
import { createKeys } from '../resque/keys.js';
import { checkQueueName } from '../resque/queue-name.js';

/** The longest that Redis takes, with room to spare: some 3,000 years. */
const MOST_SECONDS = 1e11;

/**
 * No worker takes jobs of the queue until it is resumed; those that run continue. Ruby workers heed it with resque-pause or
 * Mission Control; without them, they go on, as goworker and node-resque do.
 * @param options.for after so many seconds it ends by itself
 * @throws TsworkerError USAGE for a queue or a time that cannot be
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
  tellOurWorker();
}

/** Workers take jobs of the queue again, at once. @returns whether it was paused */
export async function resumeQueue(queue: string): Promise<boolean> {
  checkQueueName(queue, 'resumeQueue');
  const { connection, namespace } = await connected();
  const wasPaused = await resume(connection, createKeys(namespace), queue);
  tellOurWorker();
  return wasPaused;
}

/** Redis tells a connection of others' writes only, and drops its watch at its own. */
function tellOurWorker(): void {
  program().working?.jobsPushed();
}

/** Whether no worker takes jobs of the queue. */
export async function isQueuePaused(queue: string): Promise<boolean> {
  checkQueueName(queue, 'isQueuePaused');
  const { connection, namespace } = await connected();
  const [found] = await readQueuePauses(connection, createKeys(namespace), [queue]);
  return found !== undefined;
}
