/**
 * WAIT: Redis replies before its replicas have a write, so a failover can lose it. This waits until they have it.
 */

import * as globals from '../globals.js';
import type { Connection } from './connection.js';

export interface ReplicaSafety {
  readonly replicas: number;
  readonly timeoutMs: number;
  /** A key that tsworker may write at any time. */
  readonly key: string;
}

/**
 * Resolves when `replicas` replicas have everything that was written before this call.
 * @throws Error if fewer confirm in time: as after a lost reply, it is unknown whether the writes are safe
 */
export async function confirmReplicas(connection: Connection, safety: ReplicaSafety): Promise<void> {
  const { replicas, timeoutMs, key } = safety;
  // WAIT covers the writes of its own connection. This SET comes after those of an earlier connection, and covers them.
  const [, reached] = await globals.Promise.all([
    connection.send(['SET', key, '1', 'PX', '1000']),
    connection.send(['WAIT', String(replicas), String(timeoutMs)]),
  ]);
  if (Number(reached) >= replicas) return;
  throw new Error(`${reached} of ${replicas} replicas answered within ${timeoutMs} ms (-wait-replicas)`);
}
