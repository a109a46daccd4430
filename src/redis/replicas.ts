/**
 * WAIT: Redis answers before its replicas have a write, so that a failover can lose it. Here the answer is held back
 * until they have it.
 */

import * as globals from '../globals.js';
import type { Connection } from './connection.js';

export interface ReplicaSafety {
  readonly replicas: number;
  readonly timeoutMs: number;
  /** A key of ours that may be written at any time. */
  readonly key: string;
}

/**
 * Resolves when so many replicas have everything that Redis did before this call.
 * @throws Error where fewer answer in time: nothing is known then, as after a lost reply
 */
export async function confirmReplicas(connection: Connection, safety: ReplicaSafety): Promise<void> {
  const { replicas, timeoutMs, key } = safety;
  // WAIT waits for the latest write of its own connection: what an earlier connection wrote lies before this one.
  const [, reached] = await globals.Promise.all([
    connection.send(['SET', key, '1', 'PX', '1000']),
    connection.send(['WAIT', String(replicas), String(timeoutMs)]),
  ]);
  if (Number(reached) >= replicas) return;
  throw new Error(`${reached} of ${replicas} replicas answered within ${timeoutMs} ms (-wait-replicas)`);
}
