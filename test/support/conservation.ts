/** The place of every job at one instant, counted inside Redis in one step: the conservation law. */
import type { TestClient } from './redis.js';
import { until } from './until.js';

export interface JobCounts {
  readonly queued: number;
  /** Records of registered workers. */
  readonly claimed: number;
  readonly failed: number;
  /** In the quarantine lists of the queues. */
  readonly quarantined: number;
  /** In the lists of delayed jobs. */
  readonly delayed: number;
  /** In the sets of retries. */
  readonly retrying: number;
  /** Deleted failed jobs that can be restored for an hour. */
  readonly trashed: number;
  /** `stat:processed`, which counts successes only. */
  readonly processed: number;
  /** `stat:failed`: equal to the length of `failed` unless that list is cleared. */
  readonly failedStat: number;
  /** Records whose worker is not registered, which would never be recovered. Must be 0. */
  readonly orphaned: number;
  /** queued + claimed + failed + quarantined + delayed + retrying + trashed + processed. */
  readonly total: number;
}

/*
 * KEYS[1]: the namespace. A script, so that no job moves between two counts. Returns ten numbers. Names of workers and
 * queues are read from the sets, as any other Resque program would; `worker:<id>:started` is no record, nor is
 * node-resque's `worker:ping:<name>`.
 */
const SCRIPT = `
local ns = KEYS[1]
local queued, claimed, orphaned = 0, 0, 0
for _, queue in ipairs(redis.call('SMEMBERS', ns .. 'queues')) do
  queued = queued + redis.call('LLEN', ns .. 'queue:' .. queue)
end
local quarantined = 0
for _, queue in ipairs(redis.call('SMEMBERS', ns .. 'tsworker:quarantine')) do
  quarantined = quarantined + redis.call('LLEN', ns .. 'tsworker:quarantine:' .. queue)
end
local delayed = 0
for _, time in ipairs(redis.call('ZRANGE', ns .. 'delayed_queue_schedule', 0, -1)) do
  delayed = delayed + redis.call('LLEN', ns .. 'delayed:' .. time)
end
local retrying = 0
for _, queue in ipairs(redis.call('ZRANGE', ns .. 'tsworker:retries', 0, -1)) do
  retrying = retrying + redis.call('ZCARD', ns .. 'tsworker:retries:' .. queue)
end
local records = {}
for _, id in ipairs(redis.call('SMEMBERS', ns .. 'workers')) do
  local key = ns .. 'worker:' .. id
  records[key] = true
  claimed = claimed + redis.call('EXISTS', key)
end
local prefix, trash = ns .. 'worker:', ns .. 'tsworker:trash:'
local trashed = 0
for _, key in ipairs(redis.call('KEYS', '*')) do
  if key:sub(1, #trash) == trash then trashed = trashed + redis.call('LLEN', key) end
  local id = key:sub(1, #prefix) == prefix and key:sub(#prefix + 1) or nil
  if id and not records[key] and id:sub(-8) ~= ':started' and id:sub(1, 5) ~= 'ping:' then orphaned = orphaned + 1 end
end
local function number(key) return tonumber(redis.call('GET', ns .. key) or '0') end
return {
  queued, claimed, redis.call('LLEN', ns .. 'failed'), number('stat:processed'), number('stat:failed'), orphaned,
  quarantined, delayed, retrying, trashed,
}
`;

export async function countJobs(client: TestClient, namespace = 'resque:'): Promise<JobCounts> {
  const reply = (await client.eval(SCRIPT, { keys: [namespace] })) as unknown as number[];
  const [
    queued = 0,
    claimed = 0,
    failed = 0,
    processed = 0,
    failedStat = 0,
    orphaned = 0,
    quarantined = 0,
    delayed = 0,
    retrying = 0,
    trashed = 0,
  ] = reply.map(Number);
  const total = queued + claimed + failed + quarantined + delayed + retrying + trashed + processed;
  return { queued, claimed, failed, quarantined, delayed, retrying, trashed, processed, failedStat, orphaned, total };
}

/** Throws unless every enqueued job is in exactly one place. The message contains all counts. */
export async function assertConserved(client: TestClient, enqueued: number, namespace?: string): Promise<JobCounts> {
  const counts = await countJobs(client, namespace);
  if (counts.total !== enqueued || counts.orphaned > 0) {
    throw new Error(`conservation broken: enqueued ${enqueued}, but ${JSON.stringify(counts)}`);
  }
  return counts;
}

/**
 * All keys that an idle worker should not have left, sorted: all but statistics and their history, queue names, recorded
 * deaths, and the lease of a scheduler that was killed, which expires within seconds.
 */
export async function leftoverKeys(client: TestClient, namespace = 'resque:'): Promise<string[]> {
  const keys = await client.keys('*');
  const names = ['queues', 'stat:processed', 'stat:failed', 'tsworker:suspects', 'tsworker:stat'];
  names.push('tsworker:history', 'tsworker:history:hours');
  const stays = new Set(names.map((name) => namespace + name));
  const lease = `${namespace}tsworker:scheduler`;
  if ((await client.pTTL(lease)) > 0) stays.add(lease);
  return keys.filter((key) => !stays.has(key)).sort();
}

/** Waits until the counts are equal to these. */
export async function untilCounted(client: TestClient, wanted: Partial<JobCounts>, timeoutMs?: number): Promise<void> {
  const isSo = async () => {
    const counts = await countJobs(client);
    return Object.entries(wanted).every(([key, value]) => counts[key as keyof JobCounts] === value);
  };
  await until(isSo, { timeoutMs, what: `counts are ${JSON.stringify(wanted)}` });
}

/** Like any Resque producer, into the queue `q`. */
export async function pushJob(client: TestClient, name: string, ...args: unknown[]): Promise<void> {
  const payload = JSON.stringify({ class: name, args });
  await client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payload).exec();
}
