/** The counters of all workers together. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';

export interface Stats {
  /** The number of processed jobs. Ruby workers also count failed jobs here. */
  readonly processed: number;
  readonly failed: number;
}

export async function readStats(connection: Connection, keys: Keys): Promise<Stats> {
  const reply = (await connection.send(['MGET', keys.processed, keys.failures])) as (string | null)[];
  const [processed, failed] = reply.map(Number);
  return { processed, failed };
}
