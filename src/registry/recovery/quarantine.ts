/** Which queues have jobs in quarantine, for the supervisor, which runs them. */
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { callScript, SCRIPTS } from '../../resque/scripts/index.js';

/** The number of jobs, by queue. */
export async function countQuarantined(connection: Connection, keys: Keys): Promise<ReadonlyMap<string, number>> {
  const reply = await callScript(connection, SCRIPTS.countQuarantined, [keys.quarantines], [keys.quarantine('')]);
  const flat = reply as (string | number)[];
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), Number(flat[i + 1])] as const] : [])));
}
