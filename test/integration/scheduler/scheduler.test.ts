/** The scheduler service: several at once, leaders that end, schedulers of another kind, and invalid items. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { enqueueDelayed } from '../../../src/resque/enqueue.js';
import { Scheduler, type SchedulerMessage } from '../../../src/scheduler/scheduler.js';
import { keys } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

interface Running {
  readonly scheduler: Scheduler;
  readonly messages: SchedulerMessage[];
}

async function start(name: string): Promise<Running> {
  const messages: SchedulerMessage[] = [];
  let scheduler: Scheduler | undefined;
  const look = () => scheduler?.look();
  const connection = await testConnection(redis.uri, { onInvalidate: look, onReady: look });
  const locks = [keys.rubySchedulerLock(''), keys.nodeSchedulerLock];
  scheduler = new Scheduler(connection, { keys, name, locks, tell: (message) => messages.push(message) });
  const started = scheduler;
  onTestFinished(() => started.stop());
  await scheduler.start();
  return { scheduler, messages };
}

/** As Ruby does it: three commands. */
async function delayAsRuby(item: string, time: number): Promise<void> {
  await redis.client.rPush(`resque:delayed:${time}`, item);
  await redis.client.sAdd(`resque:timestamps:${item}`, `delayed:${time}`);
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: String(time), score: time });
}

const now = async () => Number(((await redis.client.sendCommand(['TIME'])) as unknown as string[])[0]);
const size = (queue: string) => redis.client.lLen(`resque:queue:${queue}`);

test('a job that is enqueued for an earlier time than all others wakes the leader', async () => {
  await start('a.ts:1');
  const producer = await testConnection(redis.uri);
  await enqueueDelayed(producer, keys, [{ queue: 'q', class: 'Late', due: { inMs: 3_600_000 } }]);
  await until(async () => (await redis.client.get(keys.scheduler)) === 'a.ts:1');
  await delayAsRuby('{"class":"Due","args":[],"queue":"q"}', (await now()) - 1);
  await until(async () => (await size('q')) === 1, { what: 'the job that is due is in its queue' });
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"Due","args":[]}']);
});

test('when the leader stops another leads at once, and when it is frozen after its lease', async () => {
  const first = await start('a.ts:1');
  await until(async () => (await redis.client.get(keys.scheduler)) === 'a.ts:1');
  await start('b.ts:2');
  await first.scheduler.stop();
  await until(async () => (await redis.client.get(keys.scheduler)) === 'b.ts:2', { what: 'the other leads' });
  await redis.client.set(keys.scheduler, 'gone.ts:3', { PX: 200 });
  await delayAsRuby('{"class":"Due","args":[],"queue":"q"}', (await now()) - 1);
  await until(async () => (await size('q')) === 1, { what: 'a new leader promotes' });
});

test("stands by while Ruby's scheduler holds its lock, says so once, and goes on when that is gone", async () => {
  await redis.client.set(keys.rubySchedulerLock(''), 'ruby1:99', { PX: 60_000 });
  const { scheduler, messages } = await start('a.ts:1');
  await until(() => messages.length > 0);
  await delayAsRuby('{"class":"Due","args":[],"queue":"q"}', (await now()) - 1);
  scheduler.look();
  expect(messages).toEqual([{ kind: 'standing by', holder: 'ruby1:99' }]);
  expect(await size('q')).toBe(0);
  await redis.client.del(keys.rubySchedulerLock(''));
  scheduler.look();
  await until(() => messages.length === 3);
  expect(await size('q')).toBe(1);
  expect(messages.slice(1)).toEqual([
    { kind: 'standing by', holder: undefined },
    { kind: 'promoted', count: 1 },
  ]);
});

test('what is no job goes to failed as resque-web can show it, and does not stand in the way', async () => {
  const time = (await now()) - 1;
  const bad = [
    '{"class":"A"',
    '{"args":[],"queue":"q"}',
    '{"class":"A","args":[]}',
    '[1]',
    '{"class":"A","args":[],"queue":"wrong"}',
  ];
  await redis.client.set('resque:queue:wrong', 'text');
  for (const item of [...bad, '{"class":"Good","args":[],"queue":"q"}']) await delayAsRuby(item, time);
  await start('a.ts:1');
  await until(async () => (await size('q')) === 1);
  const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((text) => JSON.parse(text));
  expect(entries).toHaveLength(bad.length);
  for (const entry of entries) {
    expect(entry).toMatchObject({ exception: 'InvalidDelayedJob', worker: 'a.ts:1', backtrace: [] });
    expect(entry.payload).toMatchObject({ class: expect.stringMatching(/./) });
  }
  expect(Buffer.from(entries[0].payload_base64, 'base64').toString()).toBe(bad[0]);
  expect(await redis.client.get('resque:stat:failed')).toBe(String(bad.length));
});

test('of any mixture of items, with two schedulers at once, each comes to one place once', async () => {
  const item = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        class: fc.constant('A'),
        args: fc.array(fc.jsonValue()),
        queue: fc.constantFrom('q', 'r', 'wrong'),
      }),
    },
    fc.jsonValue(),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(item, fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 60 }),
      async (items) => {
        await redis.client.flushAll();
        await redis.client.set('resque:queue:wrong', 'text');
        const before = (await now()) - 10;
        for (const [value, second] of items) {
          const text = typeof value === 'string' ? value : JSON.stringify(value);
          await delayAsRuby(text, before + second);
        }
        const both = [await start('a.ts:1'), await start('b.ts:2')];
        await until(async () => (await redis.client.exists('resque:delayed_queue_schedule')) === 0);
        for (const { scheduler } of both) await scheduler.stop();
        const counts = [await size('q'), await size('r'), await redis.client.lLen('resque:failed')];
        expect(counts.reduce((sum, count) => sum + count)).toBe(items.length);
        const left = (await redis.client.keys('*')).filter((key) => /delayed|timestamps|scheduler/.test(key));
        expect(left).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
});
