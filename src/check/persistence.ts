/** Whether jobs survive a restart of Redis. */
import { bad, type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

const RIGHT = 'set appendonly yes: a crash then loses a second at most';

export async function checkPersistence({ connection, info }: RedisSeen): Promise<Finding[]> {
  if (info?.get('aof_enabled') === undefined) return [];
  const failing = writing(info);
  if (failing !== undefined) return [failing];
  if (info.get('aof_enabled') === '1') return [good('jobs survive a restart of Redis (appendonly yes)')];
  const points = await savePoints(connection);
  if (points === '') return [warning('Redis keeps jobs in memory only: a restart loses them all', RIGHT)];
  const what = points === undefined ? 'at most snapshots are saved' : `only snapshots are saved (save ${points})`;
  return [warning(`${what}: a crash of Redis loses the jobs since the last`, RIGHT)];
}

/** Redis refuses writes then, or keeps what it cannot save. */
function writing(info: ReadonlyMap<string, string>): Finding | undefined {
  const broken = ['aof_last_write_status', 'rdb_last_bgsave_status'].find((name) => info.get(name) === 'err');
  if (broken === undefined) return undefined;
  return bad(
    `Redis cannot save its data (${broken} is err), and may refuse writes`,
    "look into Redis' log; is the disk full?",
  );
}

/** Managed servers do not tell. */
async function savePoints(connection: { send(args: string[]): Promise<unknown> }): Promise<string | undefined> {
  const reply = await connection.send(['CONFIG', 'GET', 'save']).catch(() => undefined);
  if (Array.isArray(reply)) return reply.length < 2 ? undefined : String(reply[1]);
  return reply === undefined ? undefined : String((reply as Record<string, unknown>).save);
}
