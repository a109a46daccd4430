/** Delayed jobs: the format of Ruby's and node's schedulers, promotion in one step each, and what cannot be promoted. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import { type Destination, promoteDue, takeDelayed } from '../../../src/resque/delayed.js';
import { itemText } from '../../../src/resque/delayed-item.js';
import { enqueueDelayed } from '../../../src/resque/enqueue.js';
import { keys } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';

const LOCKS = [keys.rubySchedulerLock(''), keys.nodeSchedulerLock];

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

const promote = (name = 'a.ts:1') => promoteDue(connection, keys, { name, leaseMs: 3000, locks: LOCKS });

/** As resque-scheduler writes an item, for a second that has passed. */
async function delay(item: string | Buffer, time = '1000000000'): Promise<void> {
  await redis.client.rPush(`resque:delayed:${time}`, item);
  await redis.client.sendCommand([
    'SADD',
    Buffer.concat([Buffer.from('resque:timestamps:'), Buffer.from(item)]),
    `delayed:${time}`,
  ]);
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: time, score: Number.parseInt(time, 10) || 0 });
}

const queued = (queue: string) => redis.client.lRange(`resque:queue:${queue}`, 0, -1);

describe('enqueueDelayed', () => {
  test("writes resque-scheduler's format, due rounded up to the second", async () => {
    const at = new Date(Date.now() + 3_600_500 - (Date.now() % 1000));
    const [result] = await enqueueDelayed(connection, keys, [
      { queue: 'mail', class: 'Remind', args: [7], due: { at } },
    ]);
    const time = String(Math.ceil(at.getTime() / 1000));
    expect(result).toEqual({ status: 'delayed', at: new Date(Number(time) * 1000) });
    const item = '{"class":"Remind","args":[7],"queue":"mail"}';
    expect(await redis.client.lRange(`resque:delayed:${time}`, 0, -1)).toEqual([item]);
    expect(await redis.client.sMembers(`resque:timestamps:${item}`)).toEqual([`delayed:${time}`]);
    expect(await redis.client.zRangeWithScores('resque:delayed_queue_schedule', 0, -1)).toEqual([
      { value: time, score: Number(time) },
    ]);
    expect(await redis.client.sMembers('resque:queues')).toEqual([]);
  });

  test("in so many milliseconds from now, by Redis' clock", async () => {
    const before = Number(((await redis.client.sendCommand(['TIME'])) as unknown as string[])[0]);
    const [result] = await enqueueDelayed(connection, keys, [{ queue: 'q', class: 'A', due: { inMs: 60_000 } }]);
    const after = Number(((await redis.client.sendCommand(['TIME'])) as unknown as string[])[0]);
    const seconds = (result.at?.getTime() ?? 0) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(before + 60);
    expect(seconds).toBeLessThanOrEqual(after + 61);
  });

  test('what is due already goes to its queue, without its queue as a member', async () => {
    const jobs = [
      { queue: 'q', class: 'A', due: { inMs: 0 } },
      { queue: 'q', class: 'B', due: { at: new Date(1) } },
    ];
    expect(await enqueueDelayed(connection, keys, jobs)).toEqual([{ status: 'enqueued' }, { status: 'enqueued' }]);
    expect(await queued('q')).toEqual(['{"class":"A","args":[]}', '{"class":"B","args":[]}']);
    expect((await redis.client.keys('*')).sort()).toEqual(['resque:queue:q', 'resque:queues']);
  });

  test.each([
    ['the schedule', ['SET', 'resque:delayed_queue_schedule', 'x'], 3_600_000],
    ['the set of queues', ['SET', 'resque:queues', 'x'], 0],
    ['the queue', ['SET', 'resque:queue:q', 'x'], 0],
    ["the item's index", ['SET', `resque:timestamps:${itemText('{"class":"A","args":[]}', 'q')}`, 'x'], 3_600_000],
  ])('changes nothing where %s holds something else', async (_what, command, inMs) => {
    await redis.client.sendCommand(command);
    const good = { queue: 'other', class: 'A', due: { inMs: 3_600_000 } };
    const jobs = [good, { queue: 'q', class: 'A', due: { inMs } }];
    await expect(enqueueDelayed(connection, keys, jobs)).rejects.toThrow('WRONGTYPE');
    expect(await redis.client.keys('*')).toEqual([command[1]]);
  });
});

describe('promoteDue', () => {
  test('moves what is due in order, byte for byte, and leaves nothing behind', async () => {
    await delay('{"class":"B","args":[1.0,12345678901234567890],"queue":"q"}', '1000000001');
    await delay('{"class":"A","args":[],"queue":"q"}', '1000000000');
    await delay('{"class":"N","queue":"q","args":[]}', '1000000000');
    expect(await promote()).toMatchObject({ state: 'leading', promoted: 3, nextMs: undefined });
    expect(await queued('q')).toEqual([
      '{"class":"A","args":[]}',
      '{"class":"N","queue":"q","args":[]}',
      '{"class":"B","args":[1.0,12345678901234567890]}',
    ]);
    expect((await redis.client.keys('*')).sort()).toEqual([
      'resque:queue:q',
      'resque:queues',
      'resque:tsworker:scheduler',
    ]);
  });

  test('cuts only a queue that closes the object itself', async () => {
    const items = [
      '{"class":"A","args":[{"queue":"q"}],"queue":"q"}',
      '{"class":"A","queue":"q","args":{"x":1,"queue":"q"}}',
      '{"class":"A","args":[],"queue":"q" }',
      '{"class":"A","args":[],"queue":"\\u0071"}',
    ];
    for (const item of items) await delay(item);
    await promote();
    expect(await queued('q')).toEqual(['{"class":"A","args":[{"queue":"q"}]}', ...items.slice(1)]);
  });

  test('says when the next is due, and moves nothing early', async () => {
    await enqueueDelayed(connection, keys, [{ queue: 'q', class: 'A', due: { inMs: 5000 } }]);
    const promotion = await promote();
    expect(promotion).toMatchObject({ state: 'leading', promoted: 0 });
    const { nextMs } = promotion as { nextMs: number };
    expect(nextMs).toBeGreaterThan(4000);
    expect(nextMs).toBeLessThanOrEqual(6000);
    expect(await queued('q')).toEqual([]);
  });

  test.each(LOCKS)('does nothing while %s is held', async (lock) => {
    await redis.client.set(lock, 'ruby1:99', { EX: 180 });
    await delay('{"class":"A","args":[],"queue":"q"}');
    expect(await promote()).toMatchObject({ state: 'standing by', holder: 'ruby1:99' });
    expect(await queued('q')).toEqual([]);
    await redis.client.del(lock);
    expect(await promote()).toMatchObject({ promoted: 1 });
  });

  test('one leads, until its lease ends', async () => {
    await promote('a.ts:1');
    const following = await promote('b.ts:2');
    expect(following).toMatchObject({ state: 'following', leader: 'a.ts:1' });
    expect(await promote('a.ts:1')).toMatchObject({ state: 'leading' });
    await redis.client.del('resque:tsworker:scheduler');
    expect(await promote('b.ts:2')).toMatchObject({ state: 'leading' });
  });

  test('a time that is no number, or has no list, is removed', async () => {
    await redis.client.zAdd('resque:delayed_queue_schedule', [
      { value: '1795491536.5', score: 5 },
      { value: 'x', score: 6 },
    ]);
    await delay('{"class":"A","args":[],"queue":"q"}', 'y');
    expect(await promote()).toMatchObject({ promoted: 1, nextMs: undefined });
    expect(await redis.client.exists('resque:delayed_queue_schedule')).toBe(0);
    expect(await queued('q')).toHaveLength(1);
  });

  test('at most 150 in one call, and says that there are more', async () => {
    for (let n = 0; n < 151; n++) await delay(`{"class":"A","args":[${n}],"queue":"q"}`);
    expect(await promote()).toMatchObject({ promoted: 150, nextMs: 0 });
    expect(await promote()).toMatchObject({ promoted: 1, nextMs: undefined });
    expect(await queued('q')).toHaveLength(151);
  });

  test.each([
    ['not JSON', '{"class":"A"'],
    ['no class', '{"args":[],"queue":"q"}'],
    ['no queue', '{"class":"A","args":[]}'],
    ['a list', '[1]'],
    ['empty', ''],
    ['of a queue that is no list', '{"class":"A","args":[],"queue":"wrong"}'],
    ['large', `{"class":"A","args":["${'x'.repeat(1_000_001)}"],"queue":"q"}`],
  ])('stops at an item that is %s, and leaves it where it is', async (_what, item) => {
    await redis.client.set('resque:queue:wrong', 'text');
    await delay('{"class":"First","args":[],"queue":"q"}');
    await delay(item);
    await delay('{"class":"Last","args":[],"queue":"q"}');
    const promotion = await promote();
    expect(promotion).toMatchObject({ promoted: 1, unreadable: { time: '1000000000' } });
    // As text: a comparison of large buffers takes half a minute.
    expect('unreadable' in promotion && String(promotion.unreadable?.item)).toBe(item);
    expect(await redis.client.lRange('resque:delayed:1000000000', 0, -1)).toEqual([
      item,
      '{"class":"Last","args":[],"queue":"q"}',
    ]);
  });
});

describe('takeDelayed', () => {
  const item = Buffer.from('{"class":"A","args":[],"queue":"q"}');
  const take = (destination: Destination, time = '2000000000') =>
    takeDelayed(connection, keys, [{ time, item, destination }]);

  test.each<[string, Destination, string[]]>([
    ['a queue', { to: 'queue', queue: 'q', payload: '{"class":"A"}' }, ['resque:queue:q', 'resque:queues']],
    ['failed', { to: 'failed', entry: '{}' }, ['resque:failed', 'resque:stat:failed']],
    ['nowhere', { to: 'nowhere' }, []],
  ])('brings one to %s, once', async (_where, destination, left) => {
    await delay(item, '2000000000');
    expect(await take(destination)).toEqual(['taken']);
    expect(await take(destination)).toEqual(['gone']);
    expect((await redis.client.keys('*')).sort()).toEqual(left);
  });

  test('takes the one that is meant from among others, and keeps their order', async () => {
    for (const other of ['1', '2']) await delay(other, '2000000000');
    await delay(item, '2000000000');
    await delay('3', '2000000000');
    expect(await take({ to: 'nowhere' })).toEqual(['taken']);
    expect(await redis.client.lRange('resque:delayed:2000000000', 0, -1)).toEqual(['1', '2', '3']);
  });

  test('leaves one whose queue is no list', async () => {
    await redis.client.set('resque:queue:q', 'text');
    await delay(item, '2000000000');
    expect(await take({ to: 'queue', queue: 'q', payload: 'x' })).toEqual(['refused']);
    expect(await redis.client.lLen('resque:delayed:2000000000')).toBe(1);
  });
});
