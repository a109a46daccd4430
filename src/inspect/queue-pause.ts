/**
 * The pause of one queue, with the keys of resque-pause and Mission Control: while the key exists, no job of the queue
 * starts. tsworker and Ruby workers with such a plugin respect it; other Ruby workers, goworker and node-resque do not.
 */
import type { Argument, Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { askEach } from './batch.js';

export interface QueuePause {
  /** Milliseconds until it ends by itself; undefined: only when the queue is resumed. */
  readonly leftMs: number | undefined;
}

/** Whether each of these queues is paused. A key of another type does not pause. */
export async function readQueuePauses(
  connection: Connection,
  keys: Keys,
  names: readonly Argument[],
): Promise<(QueuePause | undefined)[]> {
  const pauseKeys = names.map((name) => keyOf(keys, name));
  const texts = await askEach(
    connection,
    pauseKeys.map((key) => ['GET', key]),
  );
  const paused = pauseKeys.filter((_, i) => typeof texts[i] === 'string');
  const left = await askEach(
    connection,
    paused.map((key) => ['PTTL', key]),
  );
  return pauseKeys.map((key) => {
    const ms = left[paused.indexOf(key)];
    // -2: it has ended meanwhile.
    return ms === undefined || ms === -2 ? undefined : { leftMs: Number(ms) < 0 ? undefined : Number(ms) };
  });
}

/**
 * Pauses a queue, or changes the duration of its pause.
 * @param forMs milliseconds until it ends by itself; undefined: it does not
 * @returns the state before
 */
export async function pauseQueue(
  connection: Connection,
  keys: Keys,
  name: Argument,
  forMs?: number,
): Promise<QueuePause | undefined> {
  const [before] = await readQueuePauses(connection, keys, [name]);
  const ends = forMs === undefined ? [] : ['PX', String(Math.ceil(forMs))];
  await connection.send(['SET', keyOf(keys, name), 'true', ...ends]);
  return before;
}

/** @returns whether it was paused */
export async function resumeQueue(connection: Connection, keys: Keys, name: Argument): Promise<boolean> {
  return Number(await connection.send(['DEL', keyOf(keys, name)])) === 1;
}

function keyOf(keys: Keys, name: Argument): Buffer {
  return Buffer.concat([Buffer.from(keys.pauseOf('')), Buffer.from(name)]);
}
