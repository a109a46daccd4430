/** Single delayed jobs: listed, filtered and taken, while they change. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type DelayedFilter,
  type DelayedJob,
  payloadOf,
  takeMatching,
  walkDelayed,
} from '../../../src/inspect/delayed-items.js';
import type { Connection } from '../../../src/redis/connection.js';
import { enqueueDelayed } from '../../../src/resque/enqueue.js';
import { assertConserved } from '../../support/conservation.js';
import { keys } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';

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

const HOUR = 3_600_000;

/** `count` jobs, one a second from in an hour on, of classes A and B by turns. */
async function fill(count: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => ({
    queue: n % 3 === 0 ? 'mail' : 'low',
    class: n % 2 === 0 ? 'A' : 'B',
    args: [n],
    due: { inMs: HOUR + Math.floor(n / 4) * 1000 },
  }));
  await enqueueDelayed(connection, keys, jobs);
}

async function all(filter?: DelayedFilter): Promise<DelayedJob[]> {
  const found: DelayedJob[] = [];
  for await (const page of walkDelayed(connection, keys, filter)) found.push(...page);
  return found;
}

const numberOf = (job: DelayedJob) => (JSON.parse(job.payload) as { args: [number] }).args[0];

test('walks all of them in the order in which they come due', async () => {
  await fill(2000);
  expect((await all()).map(numberOf)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
});

test.each<[string, DelayedFilter, (n: number) => boolean]>([
  ['class', { classes: ['A'] }, (n) => n % 2 === 0],
  ['queue', { queues: ['mail'] }, (n) => n % 3 === 0],
  ['text', { text: '[17]' }, (n) => n === 17],
  [
    'all together',
    { classes: ['B'], queues: ['low'], text: '"args":[1' },
    (n) => n % 2 === 1 && n % 3 !== 0 && String(n).startsWith('1'),
  ],
])('filters by %s', async (_what, filter, wanted) => {
  await fill(100);
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  expect((await all(filter)).map(numberOf)).toEqual(numbers.filter(wanted));
});

test('filters by when they are due, and by id', async () => {
  await fill(40);
  const jobs = await all();
  const [since, before] = [jobs[8].dueAt, jobs[20].dueAt];
  expect((await all({ since, before })).map(numberOf)).toEqual(jobs.slice(8, 20).map(numberOf));
  expect(await all({ ids: [jobs[5].id.slice(0, 10)] })).toEqual([jobs[5]]);
});

test('reads what is no job without a throw', async () => {
  const odd = ['', 'x', '[1]', '{"class":5}', '{"class":"A","queue":7}', Buffer.from([0xff, 0xfe])];
  await redis.client.rPush('resque:delayed:5', odd);
  await redis.client.set('resque:delayed:6', 'text');
  await redis.client.zAdd('resque:delayed_queue_schedule', [
    { value: '5', score: 5 },
    { value: '6', score: 6 },
  ]);
  expect((await all()).map(({ queue }) => queue)).toEqual(['', '', '', '', '', '']);
});

test('takes all that match, also where many share a second, and loses none', async () => {
  const jobs = Array.from({ length: 1000 }, (_, n) => ({
    queue: 'q',
    class: n % 2 === 0 ? 'A' : 'B',
    args: [n],
    due: { at: new Date(2_000_000_000_000) },
  }));
  await enqueueDelayed(connection, keys, jobs);
  let taken = 0;
  for await (const page of takeMatching(connection, keys, { classes: ['A'] }, (job) => ({
    to: 'queue',
    queue: job.queue,
    payload: payloadOf(job),
  }))) {
    taken += page.taken.length;
    await assertConserved(redis.client, 1000);
  }
  expect(taken).toBe(500);
  const queued = await redis.client.lRange('resque:queue:q', 0, -1);
  expect(queued).toEqual(
    jobs.filter((job) => job.class === 'A').map(({ args }) => `{"class":"A","args":[${args[0]}]}`),
  );
  expect((await all()).every((job) => job.class === 'B')).toBe(true);
});

test('leaves what names no queue, and what somebody else has taken', async () => {
  await redis.client.rPush('resque:delayed:2000000000', [
    '{"class":"A","args":[]}',
    '{"class":"B","args":[],"queue":"q"}',
  ]);
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: '2000000000', score: 2_000_000_000 });
  const pages = takeMatching(connection, keys, {}, (job) => {
    if (job.queue === '') return undefined;
    return { to: 'queue', queue: job.queue, payload: payloadOf(job) };
  });
  for await (const { taken, left } of pages) {
    expect(taken.map((job) => job.class)).toEqual(['B']);
    expect(left).toMatchObject([{ why: 'no queue', job: { class: 'A' } }]);
  }
});
