/** The counters of all workers together. Knows none of them. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';

export interface Stats {
  /** Jobs that were done. Ruby workers count those that failed here too. */
  readonly processed: number;
  readonly failed: number;
}

export async function readStats(connection: Connection, keys: Keys): Promise<Stats> {
  const reply = (await connection.send(['MGET', keys.processed, keys.failures])) as (string | null)[];
  const [processed, failed] = reply.map(Number);
  return { processed, failed };
}
