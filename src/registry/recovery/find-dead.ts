/** Finds workers that died without unregistering; the rules are in liveness.ts. Only reads. */

import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { parseRecord } from '../../resque/record.js';
import { parseHeartbeat } from '../clock.js';
import type { HeartbeatOptions } from '../heartbeat-options.js';
import { keysOf, processName, processOf } from '../identity.js';
import { judge, judgeGoworker, type Liveness, type Watch } from '../processes/liveness.js';
import { readMachines } from '../processes/processes.js';
import { scan, slices } from '../scan.js';
import type { Dead } from './recover.js';

/** tsworker processes that ran on this machine and are gone, with their workers, regardless of their heartbeats. */
export async function findGone(connection: Connection, { identity }: Pick<HeartbeatOptions, 'identity'>) {
  const { gone } = await readMachines(connection, keysOf(identity));
  const names = new globals.Set([...gone].filter((name) => name !== processName(identity)));
  const heartbeats = names.size === 0 ? [] : await readHeartbeats(connection, keysOf(identity));
  const workers = [...heartbeats].filter(([id]) => names.has(processOf(id)));
  return { names, workers: workers.map(([id, heartbeat]): Dead => ({ id, death: 'gone', heartbeat })) };
}

/** Workers whose heartbeat is too old. With forcePrune also those without one, and those that may still be alive. */
export async function findExpired(connection: Connection, options: HeartbeatOptions, nowMs: number): Promise<Dead[]> {
  const { identity, pruneAfterMs, forcePrune } = options;
  const keys = keysOf(identity);
  const heartbeats = await readHeartbeats(connection, keys);
  // Processes that are gone from this machine are recovered by their parent, or at the next start here.
  const machines = { ...(await readMachines(connection, keys)), gone: new globals.Set<string>() };
  const beats = [...heartbeats].map(([id, text]) => [id, parseHeartbeat(text)] as const);
  const judged = await judgeAll(connection, keys, beats, { nowMs, pruneAfterMs, machines });
  const dead = [...heartbeats].flatMap(([id, heartbeat], i): Dead[] => {
    const liveness = judged[i] === 'unknown' && forcePrune ? 'expired' : judged[i];
    return liveness === 'alive' || liveness === 'unknown' ? [] : [{ id, death: liveness, heartbeat }];
  });
  return forcePrune ? [...dead, ...(await findWithout(connection, keys, heartbeats))] : dead;
}

/** The liveness of each worker, in order. Reads more keys only if the heartbeat is not enough. */
export async function judgeAll(
  connection: Connection,
  keys: Keys,
  beats: readonly (readonly [id: string, beatMs: number | undefined])[],
  watch: Watch,
): Promise<Liveness[]> {
  const judged = beats.map(([id, beatMs]) => judge(id, beatMs, watch));
  const unsure = beats.flatMap(([id, beatMs = 0], i) => (judged[i] === undefined ? [{ id, beatMs, i }] : []));
  for (const some of slices(unsure, 100)) {
    const names = some.flatMap(({ id }) => [keys.started(id), keys.worker(id)]);
    const found = (await connection.send(['MGET', ...names], { binary: true })) as (Buffer | null)[];
    some.forEach(({ id, beatMs, i }, n) => {
      const [started, record] = found.slice(2 * n, 2 * n + 2);
      const signs = { started: started?.toString() ?? null, record: record === null ? undefined : parseRecord(record) };
      judged[i] = judgeGoworker(id, beatMs, signs, watch);
    });
  }
  return judged as Liveness[];
}

/** Workers without a heartbeat. Ids in another format belong to unknown programs, and are skipped. */
async function findWithout(connection: Connection, keys: Keys, heartbeats: ReadonlyMap<string, string>) {
  const dead: Dead[] = [];
  for await (const [id] of scan(connection, ['SSCAN', keys.workers], 1))
    if (!heartbeats.has(id) && /^[^:]+:\d+([-+]\d+)?:./.test(id)) dead.push({ id, death: 'silent', heartbeat: '' });
  return dead;
}

async function readHeartbeats(connection: Connection, keys: Keys): Promise<Map<string, string>> {
  const heartbeats = new globals.Map<string, string>();
  for await (const [id, text] of scan(connection, ['HSCAN', keys.heartbeats], 2)) heartbeats.set(id, text);
  return heartbeats;
}
