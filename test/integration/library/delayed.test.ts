/** Delayed jobs in the library: enqueue, list, remove. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  cancelDelayed,
  close,
  type DelayedEntry,
  type DelayedMatch,
  delayed,
  enqueueAt,
  enqueueIn,
  job,
  setSettings,
} from '../../../src/index.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
  setSettings({ uri: redis.uri });
});
beforeEach(() => redis.client.flushAll());
afterEach(() => close());
afterAll(() => redis?.stop());

async function all(match?: DelayedMatch): Promise<DelayedEntry[]> {
  const entries: DelayedEntry[] = [];
  for await (const entry of delayed(match)) entries.push(entry);
  return entries;
}

const AT = new Date('2100-01-01T00:00:00Z');

test('one job, many jobs, and one that is due already', async () => {
  const one = await enqueueAt(AT, { queue: 'q', class: 'A', args: [1] });
  expect(one).toEqual({ status: 'delayed', at: AT });
  const many = await enqueueIn(3600, [
    { queue: 'q', class: 'B', args: [12345678901234567890n] },
    { queue: 'r', class: 'C' },
  ]);
  expect(many).toEqual([
    { status: 'delayed', at: expect.any(Date) },
    { status: 'delayed', at: expect.any(Date) },
  ]);
  expect(await enqueueIn(0, { queue: 'q', class: 'Now' })).toEqual({ status: 'enqueued' });
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"Now","args":[]}']);
  expect(await all()).toEqual([
    { queue: 'q', class: 'B', args: [12345678901234567890n], at: expect.any(Date) },
    { queue: 'r', class: 'C', args: [], at: expect.any(Date) },
    { queue: 'q', class: 'A', args: [1], at: AT },
  ]);
});

test('a typed job', async () => {
  const remind = job({ class: 'Remind', queue: 'mail', perform: (_id: number) => {} });
  expect(await remind.enqueueAt(AT, 7)).toEqual({ status: 'delayed', at: AT });
  expect(await remind.enqueueIn(3600, 8)).toEqual({ status: 'delayed', at: expect.any(Date) });
  expect((await all({ class: 'Remind' })).map(({ args }) => args)).toEqual([[8], [7]]);
});

test('takes back what is meant, and nothing else', async () => {
  const given = { queue: 'q', class: 'A', args: [{ a: 1, b: 2 }] };
  await enqueueAt(AT, [given, { ...given, args: [2] }, { ...given, class: 'B' }]);
  expect(await cancelDelayed({ class: 'A', args: [{ b: 2, a: 1 }] })).toBe(1);
  expect(await cancelDelayed({ class: 'A', args: [{ b: 2, a: 1 }] })).toBe(0);
  expect((await all()).map((entry) => [entry.class, entry.args])).toEqual([
    ['A', [2]],
    ['B', [{ a: 1, b: 2 }]],
  ]);
  expect(await cancelDelayed({ queue: 'q' })).toBe(2);
  expect(await redis.client.keys('resque:delayed*')).toEqual([]);
});

test.each([
  ['a text for a time', () => enqueueIn('10m' as unknown as number, { queue: 'q', class: 'A' }), /takes seconds/],
  ['no number', () => enqueueIn(Number.NaN, { queue: 'q', class: 'A' }), /takes seconds/],
  ['milliseconds since 1970 in place of seconds', () => enqueueIn(Date.now(), { queue: 'q', class: 'A' }), /ten years/],
  ['no Date', () => enqueueAt(5 as unknown as Date, { queue: 'q', class: 'A' }), /takes a Date/],
  ['an invalid Date', () => enqueueAt(new Date('x'), { queue: 'q', class: 'A' }), /takes a Date/],
  ['a job without a queue', () => enqueueIn(5, { class: 'A' } as never), /queue/],
  ['nothing to match', () => cancelDelayed({}), /needs a class or a queue/],
])('refuses %s, and enqueues nothing', async (_what, call, message) => {
  await expect(call()).rejects.toThrow(message);
  expect(await redis.client.keys('*')).toEqual([]);
});
