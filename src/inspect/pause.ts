/** Resque's switch for all workers of a namespace. tsworker and Ruby Resque look at it; goworker and node-resque do not. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';

export interface Pause {
  /** No worker that looks takes a new job. */
  readonly paused: boolean;
  /** What stands there; '' for nothing. Anything but `true` pauses nobody. */
  readonly text: string;
}

export async function readPause(connection: Connection, keys: Keys): Promise<Pause> {
  const text = ((await connection.send(['GET', keys.pause])) as string | null) ?? '';
  return { paused: text.trim().toLowerCase() === 'true', text };
}

/** @returns what was in force before */
export async function setPause(connection: Connection, keys: Keys, paused: boolean): Promise<Pause> {
  const before = await readPause(connection, keys);
  await connection.send(paused ? ['SET', keys.pause, 'true'] : ['DEL', keys.pause]);
  return before;
}
