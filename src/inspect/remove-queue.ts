/** Removes a queue with its jobs. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { takeQueued } from './queued.js';
import { keyOf, type QueueName } from './queues.js';

/** Only the payload of a unique job holds this, and few others. */
const UNIQUE = '"unique":{';

/**
 * Unique jobs first, page by page, so that their locks are released; then the queue in one step, as Resque does it.
 * @returns the number of jobs
 */
export async function removeQueue(connection: Connection, keys: Keys, queue: QueueName): Promise<number> {
  const key = keyOf(keys, queue);
  let unique = 0;
  if ((await connection.send(['TYPE', key])) === 'list')
    for await (const { taken } of takeQueued(connection, keys, queue, { filter: { text: UNIQUE } }))
      unique += taken.length;
  const commands = [['MULTI'], ['LLEN', key], ['DEL', key], ['SREM', keys.queues, queue.bytes]];
  // Sent in one turn of the event loop: no other command of this process comes in between.
  const replies = await Promise.all([...commands, ['EXEC']].map((command) => connection.send(command)));
  // A key of another type is removed too; it contained no jobs.
  return unique + (Number((replies[replies.length - 1] as unknown[])[0]) || 0);
}
