/** The jobs that stand in a queue: moved to another one, or deleted, by a program. */
import { TsworkerError } from '../errors.js';
import { type QueuedFilter, takeQueued } from '../inspect/queued.js';
import { type QueueName, queueNameOf } from '../inspect/queues.js';
import { connected } from '../program/connection.js';
import { program } from '../program/state.js';
import { comparable } from '../resque/comparable.js';
import { createKeys } from '../resque/keys.js';
import { checkQueueName } from '../resque/queue-name.js';

/** Which jobs are meant: all that is given must hold. */
export interface QueuedMatch {
  /** Of an ActiveJob job its own class. */
  readonly class?: string;
  /** All arguments, compared as JSON. Of an ActiveJob job its own. */
  readonly args?: readonly unknown[];
  /** Found anywhere in the payload. */
  readonly text?: string;
}

/**
 * Moves jobs to the tail of another queue, in their order and byte for byte. Jobs that run are not touched.
 * @returns how many
 * @throws TsworkerError USAGE for a queue that cannot be
 */
export async function moveJobs(from: string, to: string, match: QueuedMatch = {}): Promise<number> {
  checkQueueName(from, 'moveJobs');
  checkQueueName(to, 'moveJobs');
  if (from === to) throw new TsworkerError('USAGE', 'moveJobs: the queues are the same');
  return await take(from, match, queueNameOf(Buffer.from(to)));
}

/**
 * Deletes jobs of a queue: they never run. Jobs that run are not touched.
 * @returns how many
 * @throws TsworkerError USAGE where nothing is given to match: that would be all of them
 */
export async function deleteJobs(queue: string, match: QueuedMatch): Promise<number> {
  checkQueueName(queue, 'deleteJobs');
  if (Object.values(filterOf(match)).every((wanted) => wanted === undefined))
    throw new TsworkerError('USAGE', "deleteJobs needs what to match: deleteJobs('low', { class })");
  return await take(queue, match, undefined);
}

async function take(queue: string, match: QueuedMatch, to: QueueName | undefined): Promise<number> {
  const { connection, namespace } = await connected();
  const from = queueNameOf(Buffer.from(queue));
  let sum = 0;
  const pages = takeQueued(connection, createKeys(namespace), from, { filter: filterOf(match), to });
  for await (const { taken } of pages) sum += taken.length;
  // Redis tells a connection of others' pushes only.
  if (to !== undefined) program().working?.jobsPushed(to.name === undefined ? undefined : [to.name]);
  return sum;
}

function filterOf({ class: name, args, text }: QueuedMatch = {}): QueuedFilter {
  return { classes: name === undefined ? undefined : [name], args: comparable(args), text };
}
