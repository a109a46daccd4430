/** The quarantines of the queues: counts their jobs, and releases them. */
import type { Connection } from '../redis/connection.js';
import { countQuarantined } from '../registry/recovery/quarantine.js';
import { scan } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { askEach } from './batch.js';

/** The number of jobs by queue, without empty ones. Changes nothing. */
export async function listQuarantined(connection: Connection, keys: Keys): Promise<ReadonlyMap<string, number>> {
  const names: string[] = [];
  for await (const [name] of scan(connection, ['SSCAN', keys.quarantines], 1)) names.push(name);
  const sizes = await askEach(
    connection,
    names.map((name) => ['LLEN', keys.quarantine(name)]),
  );
  return new Map(names.flatMap((name, i) => (Number(sizes[i] ?? 0) > 0 ? [[name, Number(sizes[i])] as const] : [])));
}

const STEP = 500;

/**
 * Moves the jobs of a quarantine to the head of their queue, the last one first, so that they keep their order. Each is
 * moved in one step, byte for byte. Jobs that are added meanwhile stay.
 * @returns the number of moved jobs
 */
export async function releaseQuarantined(connection: Connection, keys: Keys, queue: string): Promise<number> {
  const [from, to] = [keys.quarantine(queue), keys.queue(queue)];
  let left = Number(await connection.send(['LLEN', from]));
  let released = 0;
  // A queue is in the set before there is a job in it.
  if (left > 0) await connection.send(['SADD', keys.queues, queue]);
  for (; left > 0; left -= STEP) {
    const moves = Array.from({ length: Math.min(STEP, left) }, () => connection.send(['RPOPLPUSH', from, to]));
    const moved = (await Promise.all(moves)).filter((payload) => payload !== null).length;
    released += moved;
    if (moved < moves.length) break;
  }
  await countQuarantined(connection, keys);
  return released;
}
