/** The kill scenario against node-resque: the same jobs, the same kills, and the same question of what became of them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestClient } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { Daemon } from '../harness/daemon.js';
import { type Ledger, startLedger } from '../harness/ledger.js';
import { Random } from '../harness/random.js';
import { repeat } from '../harness/schedule.js';

const FILE = fileURLToPath(new URL('./process.js', import.meta.url));
const PROCESSES = 4;
const KILLING_MS = 90_000;
/** Without a job done for so long, nothing more will be done. */
const STILL_MS = 15_000;

/** Figures by their name. */
export async function runPeer(seed: number, count: number): Promise<Readonly<Record<string, number>>> {
  const begin = performance.now();
  const [redis, ledger, random] = [await startRedis(), await startLedger(), new Random(seed, 'kill')];
  const env = { CHAOS_REDIS: redis.socketPath, CHAOS_LEDGER: ledger.socketPath };
  const log = join(tempDir('peer'), 'log');
  const fleet = Array.from({ length: PROCESSES }, () => new Daemon({ file: FILE, args: [], env, log }).keep());
  try {
    await push(redis.client, random, count);
    await until(async () => (await ledger.done()) > 0, { what: 'the first job is done', timeoutMs: 30_000 });
    const kills = await killSome(redis.client, ledger, random, fleet, count);
    await settle(redis.client, ledger, count);
    const hanging = count - (await ledger.done());
    // Its scheduler ends for ever at its first error: one restart in peace, so that it may clean up all the same.
    for (const daemon of fleet) daemon.destroy();
    for (const daemon of fleet) daemon.keep();
    await settle(redis.client, ledger, count);
    const found = await judge(redis.client, ledger, count);
    return {
      seed,
      enqueued: count,
      ...found,
      'not done before the last restart': hanging,
      kills,
      seconds: Math.round((performance.now() - begin) / 1000),
    };
  } finally {
    for (const daemon of fleet) daemon.destroy();
    await Promise.all([redis.stop(), ledger.stop()]);
  }
}

async function push(client: TestClient, random: Random, count: number): Promise<void> {
  const payloads = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ class: 'Work', queue: 'high', args: [n + 1, random.integer(0, 200)] }),
  );
  await client.sAdd('resque:queues', ['high', 'low']);
  await client.rPush('resque:queue:high', payloads);
}

async function killSome(client: TestClient, ledger: Ledger, random: Random, fleet: Daemon[], count: number) {
  let [kills, done] = [0, 0];
  await repeat({ everyMs: 100, forMs: KILLING_MS, until: () => done >= count }, async () => {
    done = await ledger.done();
    const busy = new Set((await recordKeys(client)).map((key) => Number(/:(\d+)\+/.exec(key)?.[1])));
    const victims = fleet.map((daemon) => daemon.supervisor).filter((pid) => busy.has(pid));
    if (victims.length === 0) return;
    fleet[0].signal('SIGKILL', [random.pick(victims)]);
    kills += 1;
  });
  return kills;
}

/** Keys of the records of what a worker has in hand. */
async function recordKeys(client: TestClient): Promise<string[]> {
  const keys = await client.keys('resque:worker:*');
  return keys.filter((key) => !key.startsWith('resque:worker:ping:') && !key.endsWith(':started'));
}

/** Until all have ended, or for long none has, and no dead worker was cleaned up either (its scheduler counts those). */
async function settle(client: TestClient, ledger: Ledger, count: number): Promise<void> {
  let [seen, since] = [0, performance.now()];
  const still = async () => {
    const done = await ledger.done();
    const moved = done + Number((await client.get('resque:stat:failed')) ?? 0);
    if (moved > seen) [seen, since] = [moved, performance.now()];
    return done >= count || performance.now() - since > STILL_MS;
  };
  await until(still, { timeoutMs: 600_000, everyMs: 100, what: 'nothing moves' });
}

async function judge(client: TestClient, ledger: Ledger, count: number) {
  const [begun, ended] = [await ledger.begun(), await ledger.ended()];
  const idsIn = (texts: readonly string[]) =>
    texts.map((text) => Number(/"class":"Work"[^[]*"args":\[(\d+)/.exec(text)?.[1]));
  const failed = await client.lRange('resque:failed', 0, -1);
  const records = await Promise.all((await recordKeys(client)).map((key) => client.get(key)));
  const waiting = await client.lRange('resque:queue:high', 0, -1);
  const [inFailed, inQueue] = [new Set(idsIn(failed)), new Set(idsIn(waiting))];
  // Records of dead workers are never deleted, also of jobs that were run again: they count where nothing else is.
  const inRecords = new Set(idsIn(records.map((text) => text ?? '')));
  const isOnly = (place: Set<number>) => (id: number) => place.has(id) && !inFailed.has(id) && !inQueue.has(id);
  const ids = Array.from({ length: count }, (_, n) => n + 1);
  const number = async (name: string) => Number((await client.get(`resque:stat:${name}`)) ?? 0);
  const undone = ids.filter((id) => !ended.has(id));
  return {
    'jobs that ended': ended.size,
    'never ended: in failed': undone.filter((id) => inFailed.has(id)).length,
    'never ended: in a queue': undone.filter((id) => inQueue.has(id)).length,
    'lost: only in the record of a dead worker': undone.filter(isOnly(inRecords)).length,
    'lost: nowhere': undone.filter((id) => !inFailed.has(id) && !inQueue.has(id) && !inRecords.has(id)).length,
    'stat:processed': await number('processed'),
    'stat:failed': await number('failed'),
    'ran more than once': [...begun.values()].filter((times) => times > 1).length,
  };
}
