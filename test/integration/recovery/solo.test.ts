/** The engine and a job that must run alone: it makes room, runs it with nothing beside, and goes on as before. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { assertConserved, countJobs, leftoverKeys } from '../../support/conservation.js';
import { gate, testEngine } from '../../support/engine.js';
import { startProxy } from '../../support/proxy.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testWorkerId } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.configResetStat();
  await redis.client.sAdd('resque:workers', [0, 1, 2, 3, 4].map(testWorkerId));
});

const SOLO = 'resque:tsworker:solo';
const BAD = job('bad');

function job(n: unknown): string {
  return JSON.stringify({ class: 'J', args: [n] });
}

async function push(...payloads: string[]): Promise<void> {
  await redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payloads).exec();
}

async function suspect(payload = BAD): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const field = createHash('sha1').update(payload).digest('hex');
  await redis.client.hSet('resque:tsworker:suspects', field, `${now}/a ${now}/b`);
}

async function scriptCalls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

const processed = async (n: number) => until(async () => (await countJobs(redis.client)).processed === n);

/** An engine whose jobs end when their gate opens; `beside` says what ran when the bad one began. */
async function gated(uri = redis.uri, options = {}) {
  const first = gate();
  const bad = gate();
  const beside: number[] = [];
  const ran: string[] = [];
  const started = await testEngine(
    uri,
    (run) => {
      const payload = run.claim.payload.toString();
      ran.push(payload);
      if (payload !== BAD) return first.opened;
      beside.push(started.engine.busy - 1);
      return bad.opened;
    },
    options,
  );
  return { ...started, first, bad, beside, ran };
}

test('it claims no more until its jobs have ended, runs the suspect alone, and goes on', async () => {
  const { engine, told, first, bad, beside, ran } = await gated();
  await push(job(0));
  await until(() => engine.busy === 1);
  await suspect();
  await push(BAD, job(1), job(2));
  await until(() => told.includes('making room'));
  // The others that were claimed by the call that found it.
  await until(() => engine.busy === 3);
  await push(job(3));
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([BAD, job(3)]);
  first.open();
  await until(() => ran.includes(BAD));
  expect(beside).toEqual([0]);
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([job(3)]);
  expect(await redis.client.exists(SOLO)).toBe(1);
  bad.open();
  await processed(5);
  expect(told.filter((event) => event !== 'done')).toEqual(['making room']);
  await engine.stop();
  expect(await leftoverKeys(redis.client)).not.toContain(SOLO);
  expect(await redis.client.exists('resque:tsworker:suspects')).toBe(0);
});

test('while it waits it makes no calls but to keep its turn', async () => {
  const { engine, told, first, bad } = await gated();
  await push(job(0));
  await until(() => engine.busy === 1);
  await suspect();
  await push(BAD);
  await until(() => told.includes('making room'));
  const calls = await scriptCalls();
  for (let n = 1; n <= 10; n++) await push(job(n));
  await redis.client.ping();
  // Each push may wake it, none makes it claim.
  expect(await scriptCalls()).toBeLessThanOrEqual(calls + 10);
  expect((await countJobs(redis.client)).claimed).toBe(1);
  first.open();
  bad.open();
  await processed(12);
});

test('while another has the turn it makes no busy loop, and needs none when its own jobs have ended', async () => {
  const one = await gated();
  await push(job(0));
  await until(() => one.engine.busy === 1);
  await redis.client.set(SOLO, 'somebody', { PX: 60_000 });
  await suspect();
  const calls = await scriptCalls();
  await push(BAD);
  await until(async () => (await scriptCalls()) > calls);
  const after = await scriptCalls();
  for (let i = 0; i < 20; i++) await redis.client.ping();
  expect(await scriptCalls()).toBeLessThanOrEqual(after + 1);
  // When its own job has ended it needs no turn.
  one.first.open();
  await until(() => one.ran.includes(BAD));
  one.bad.open();
  await processed(2);
});

test('a job that does not end keeps nobody from working: the turn is given away, and tried for again', async () => {
  const { engine, told, first, bad, ran } = await gated(redis.uri, { patienceMs: 40 });
  await push(job(0));
  await until(() => engine.busy === 1);
  await suspect();
  await push(BAD);
  await until(() => told.includes('making room'));
  await push(job(1));
  await until(() => told.includes('made no room'));
  await until(() => ran.includes(job(1)));
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([BAD]);
  await until(() => told.filter((event) => event === 'making room').length === 2);
  first.open();
  await until(() => ran.includes(BAD));
  bad.open();
  await processed(3);
});

test('exit on complete waits for it', async () => {
  await push(job(0));
  const { engine, told, first, bad, ran } = await gated(redis.uri, { exitOnComplete: true });
  await until(() => engine.busy === 1);
  await suspect();
  await push(BAD);
  await until(() => told.includes('making room'));
  first.open();
  await until(() => ran.includes(BAD));
  bad.open();
  await engine.ended;
  expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  expect(await redis.client.exists(SOLO)).toBe(0);
});

test.each(['quiet', 'suspended'] as const)('%s, it gives its turn away', async (how) => {
  const { engine, told, first, bad, ran } = await gated();
  await push(job(0));
  await until(() => engine.busy === 1);
  await suspect();
  await push(BAD);
  await until(() => told.includes('making room'));
  if (how === 'quiet') engine.quiet();
  else engine.suspend(true);
  first.open();
  await until(async () => (await redis.client.exists(SOLO)) === 0);
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([BAD]);
  expect(ran).toEqual([job(0)]);
  if (how === 'quiet') return void (await engine.ended);
  engine.suspend(false);
  await until(() => ran.includes(BAD));
  bad.open();
  await processed(2);
});

test('claimed by a call whose reply was lost, it runs alone too', async () => {
  const proxy = await startProxy(redis);
  await suspect();
  const { told, first, bad, beside, ran } = await gated(proxy.uri);
  await until(async () => (await scriptCalls()) >= 1);
  const lost = proxy.loseReply('EVALSHA');
  await push(BAD, job(1), job(2));
  await lost;
  await until(() => ran.includes(BAD));
  expect(told).toContain('adopted 1');
  await push(job(3));
  expect((await countJobs(redis.client)).claimed).toBe(1);
  bad.open();
  first.open();
  await processed(4);
  expect(beside).toEqual([0]);
  await proxy.close();
});

test('out of the books it claims nothing, looks again soon, and says so once', async () => {
  await redis.client.set(`resque:worker:${testWorkerId(0)}:started`, 'then');
  const { engine, told } = await testEngine(redis.uri, () => {}, { checkRegistered: true });
  await push(job(0));
  await processed(1);
  await redis.client.del(`resque:worker:${testWorkerId(0)}:started`);
  await push(job(1));
  await until(() => told.includes('unregistered'));
  const calls = await scriptCalls();
  await until(async () => (await scriptCalls()) >= calls + 2);
  expect(await countJobs(redis.client)).toMatchObject({ queued: 1, claimed: 0 });
  await redis.client.set(`resque:worker:${testWorkerId(0)}:started`, 'now');
  await processed(2);
  expect(told.filter((event) => event === 'unregistered')).toHaveLength(1);
  await engine.stop();
});
