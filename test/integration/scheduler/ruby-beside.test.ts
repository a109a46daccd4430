/**
 * Ruby's scheduler beside ours: the commands of resque-scheduler 5.0, one by one, with our promotion before each of
 * them. Each job reaches its queue once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import { promoteDue } from '../../../src/resque/delayed.js';
import { keys } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';

const LOCK = keys.rubySchedulerLock('');
const LOCKS = [LOCK, keys.nodeSchedulerLock];
const TIME = '1000000000';
const ITEMS = [1, 2, 3].map((id) => `{"class":"A","args":[${id}],"queue":"q"}`);
const PAYLOADS = [1, 2, 3].map((id) => `{"class":"A","args":[${id}]}`);

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});
afterAll(() => redis?.stop());

const send = (...command: string[]) => redis.client.sendCommand(command);
const promote = () => promoteDue(connection, keys, { name: 'a.ts:1', leaseMs: 3000, locks: LOCKS });
const queued = () => redis.client.lRange(keys.queue('q'), 0, -1);

/** As `enqueue_at` sends it: three commands. */
const enqueueAt = (item: string) => [
  () => send('RPUSH', keys.delayedAt(TIME), item),
  () => send('SADD', keys.delayedItem(item), `delayed:${TIME}`),
  () => send('ZADD', keys.delayedTimes, TIME, TIME),
];

/** As a scheduler sends it that has become master: it reads the items before it watches their list. */
const transfer = () => [
  () =>
    send(
      'EVAL',
      "if redis.call('SETNX', KEYS[1], ARGV[1]) == 1 then redis.call('EXPIRE', KEYS[1], 180) end",
      '1',
      LOCK,
      'ruby1:1',
    ),
  () => send('ZRANGEBYSCORE', keys.delayedTimes, '-inf', TIME, 'LIMIT', '0', '1'),
  () => send('LRANGE', keys.delayedAt(TIME), '0', '99'),
  () => send('WATCH', keys.delayedAt(TIME)),
  () => send('MULTI'),
  ...ITEMS.flatMap((item, i) => [
    () => send('SREM', keys.delayedItem(item), `delayed:${TIME}`),
    () => send('SADD', keys.queues, 'q'),
    () => send('RPUSH', keys.queue('q'), PAYLOADS[i]),
  ]),
  () => send('LTRIM', keys.delayedAt(TIME), '100', '-1'),
  () => send('EXEC'),
  () => send('WATCH', keys.delayedAt(TIME)),
  () => send('LLEN', keys.delayedAt(TIME)),
  () => send('MULTI'),
  () => send('DEL', keys.delayedAt(TIME)),
  () => send('ZREM', keys.delayedTimes, TIME),
  () => send('EXEC'),
];

async function delayedJobs(): Promise<void> {
  for (const item of ITEMS) for (const step of enqueueAt(item)) await step();
}

describe('its transfer', () => {
  // Before the first command it holds no lock yet, and finds nothing to do afterwards: it is the one that is late then.
  test.each(
    transfer()
      .map((_, position) => position)
      .slice(1),
  )('with our promotion before command %i', async (position) => {
    await delayedJobs();
    for (const [i, step] of transfer().entries()) {
      if (i === position) expect((await promote()).state).toBe('standing by');
      await step();
    }
    expect(await queued()).toEqual(PAYLOADS);
    expect(await promote()).toMatchObject({ state: 'standing by', holder: 'ruby1:1' });
    await redis.client.del(LOCK);
    expect(await promote()).toMatchObject({ state: 'leading', promoted: 0 });
    expect(await queued()).toEqual(PAYLOADS);
    expect(await redis.client.exists([keys.delayedTimes, keys.delayedAt(TIME)])).toBe(0);
  });

  test.each(transfer().map((_, position) => position))(
    'that ends before command %i, killed: ours goes on when its lock has expired',
    async (position) => {
      await delayedJobs();
      const steps = transfer();
      for (const step of steps.slice(0, position)) await step();
      // Its connection goes with it, and so does a transaction that was not executed.
      if (position > 3) await send('DISCARD').catch(() => {});
      await send('UNWATCH');
      await redis.client.del(LOCK);
      for (let i = 0; i < 3; i++) await promote();
      expect(await queued()).toEqual(PAYLOADS);
      expect(await redis.client.exists([keys.delayedTimes, keys.delayedAt(TIME)])).toBe(0);
    },
  );
});

test.each([0, 1, 2, 3])(
  'its enqueue_at, with our promotion before command %i, and another job at the same time',
  async (position) => {
    for (const step of enqueueAt(ITEMS[0])) await step();
    const steps = enqueueAt(ITEMS[1]);
    for (const [i, step] of steps.entries()) {
      if (i === position) await promote();
      await step();
    }
    for (let i = 0; i < 2; i++) await promote();
    expect(await queued()).toEqual(PAYLOADS.slice(0, 2));
    expect(await redis.client.exists([keys.delayedTimes, keys.delayedAt(TIME)])).toBe(0);
  },
);
