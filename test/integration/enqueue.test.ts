/** Batches of jobs: each is pushed once or not at all, whatever happens to the connection. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection } from '../../src/redis/connection.js';
import { BatchPusher } from '../../src/resque/batch-pusher.js';
import { enqueueJobs } from '../../src/resque/enqueue.js';
import type { ReadyJob } from '../../src/resque/payload-text.js';
import { ACL_OF_PRODUCER, SMALLEST_ACL } from '../support/acl.js';
import { keys } from '../support/failed.js';
import { fakeIo } from '../support/io.js';
import { page } from '../support/pages.js';
import { startProxy } from '../support/proxy.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

async function open(uri: string): Promise<Connection> {
  const connection = await connect({ uri, name: 'test', silenceMs: 0 }, uri);
  onTestFinished(() => connection.close());
  return connection;
}

const jobs = (from: number, to: number, queue: (id: number) => string): ReadyJob[] =>
  Array.from({ length: to - from }, (_, i) => ({
    queue: queue(from + i),
    payload: `{"class":"A","args":[${from + i}]}`,
  }));

test('keeps the order within each queue, and leaves nothing else behind', async () => {
  const pusher = new BatchPusher(await open(redis.uri), keys);
  const queue = (id: number) => (id % 3 === 0 ? 'a' : 'b');
  await pusher.push(jobs(0, 1000, queue));
  await pusher.push(jobs(1000, 1500, queue));
  await pusher.end();
  const all = jobs(0, 1500, queue);
  for (const name of ['a', 'b'])
    expect(await redis.client.lRange(keys.queue(name), 0, -1)).toEqual(
      all.filter((job) => job.queue === name).map(({ payload }) => payload),
    );
  expect((await redis.client.keys('*')).sort()).toEqual(['resque:queue:a', 'resque:queue:b', 'resque:queues']);
  expect((await redis.client.sMembers(keys.queues)).sort()).toEqual(['a', 'b']);
});

test.each(['loseReply', 'cutBefore'] as const)('pushes a batch once, also after %s', async (trap) => {
  const proxy = await startProxy(redis);
  onTestFinished(() => proxy.close());
  const pusher = new BatchPusher(await open(proxy.uri), keys);
  await pusher.push(jobs(0, 10, () => 'q'));
  const sprung = proxy[trap]('EVALSHA');
  await pusher.push(jobs(10, 20, () => 'q'));
  await sprung;
  await pusher.push(jobs(20, 30, () => 'q'));
  expect(await redis.client.lRange(keys.queue('q'), 0, -1)).toEqual(
    jobs(0, 30, () => 'q').map(({ payload }) => payload),
  );
});

test.each([
  ['a queue is no list', ['SET', 'resque:queue:b', 'x'], '^nothing was enqueued: resque:queue:b is not a list$'],
  ['the set of queues is none', ['SET', 'resque:queues', 'x'], '^nothing was enqueued: resque:queues is not a set$'],
  [
    'a queue may not be pushed to',
    ['ACL', 'SETUSER', 'default', 'resetkeys', '~resque:queue:a', '~resque:queues', '~resque:tsworker:*', '%R~*'],
    'NOPERM',
  ],
  ['we may not push', ['ACL', 'SETUSER', 'default', '-rpush'], 'NOPERM|user executing'],
  ['Redis is full', ['CONFIG', 'SET', 'maxmemory', '1'], 'OOM'],
])('pushes nothing where %s', async (_, command, refusal) => {
  const connection = await open(redis.uri);
  await redis.cli(...command);
  const pusher = new BatchPusher(connection, keys);
  await expect(pusher.push(jobs(0, 10, (id) => (id % 2 === 0 ? 'a' : 'b')))).rejects.toThrow(new RegExp(refusal));
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
  await redis.cli('ACL', 'SETUSER', 'default', '~*', '+@all');
  expect(await redis.client.exists('resque:queue:a')).toBe(0);
});

test.each([
  ['a queue is no list', ['HSET', 'resque:queue:b', 'x', 'y'], 'resque:queue:b is not a list'],
  ['the set of queues is none', ['RPUSH', 'resque:queues', 'x'], 'resque:queues is not a set'],
])('the library enqueues nothing where %s, and says so', async (_, command, wrong) => {
  const connection = await open(redis.uri);
  await redis.cli(...command);
  const both = ['a', 'b'].map((queue) => ({ queue, class: 'A', args: [1] }));
  await expect(enqueueJobs(connection, 'resque:', both)).rejects.toMatchObject({
    code: 'REDIS',
    message: `nothing was enqueued: ${wrong}`,
    hint: expect.stringContaining('rename or delete it'),
  });
  expect(await redis.client.keys('resque:queue:a')).toEqual([]);
});

test.each([
  ["the worker's", SMALLEST_ACL],
  ["a producer's", ACL_OF_PRODUCER],
])('the documented ACL of %s user is enough to enqueue', async (_, acl) => {
  await redis.client.sendCommand(['ACL', 'SETUSER', 'u', 'reset', 'on', '>pw', '~resque:*', ...acl]);
  const uri = redis.uri.replace('unix://', 'unix://u:pw@');
  const connection = await open(uri);
  await enqueueJobs(connection, 'resque:', [{ queue: 'q', class: 'A' }]);
  if (acl === ACL_OF_PRODUCER) {
    expect(page('config/README.md')).toContain(`only enqueues needs \`${acl.join(' ')}\``);
    expect(await redis.client.lLen('resque:queue:q')).toBe(1);
    return;
  }
  const io = fakeIo({ cwd: '/nowhere' });
  expect(await main(['enqueue', 'A', '-queue=q'], { REDIS_URL: uri }, io), io.texts.err).toBe(0);
  expect(await redis.client.lLen('resque:queue:q')).toBe(2);
});

test('the library enqueues 100,000 jobs in one step', async () => {
  const connection = await open(redis.uri);
  const all = Array.from({ length: 100_000 }, (_, id) => ({ queue: 'q', class: 'A', args: [id] }));
  await enqueueJobs(connection, 'resque:', all);
  expect(await redis.client.lRange(keys.queue('q'), -1, -1)).toEqual(['{"class":"A","args":[99999]}']);
  expect(await redis.client.lLen(keys.queue('q'))).toBe(100_000);
});
