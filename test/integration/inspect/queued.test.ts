/** Jobs of one queue are found, moved and deleted while workers and producers go on: nothing is lost, nothing doubled. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { close, deleteJobs, moveJobs, setSettings } from '../../../src/index.js';
import { takeQueued } from '../../../src/inspect/queued.js';
import { queueNameOf } from '../../../src/inspect/queues.js';
import { createKeys } from '../../../src/resque/keys.js';
import { countJobs } from '../../support/conservation.js';
import { testEngine } from '../../support/engine.js';
import { type FakeIo, fakeIo } from '../../support/io.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { NAMESPACE, testConnection, testWorkerId } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

const keys = createKeys(NAMESPACE);
const [low, high] = ['low', 'high'].map((name) => queueNameOf(Buffer.from(name)));
const job = (name: string, ...args: unknown[]) => `{"class":"${name}", "args":${JSON.stringify(args)}}`;
const all = (queue: string) => redis.client.lRange(keys.queue(queue), 0, -1);

async function push(queue: string, ...payloads: string[]): Promise<void> {
  await redis.client.sAdd(keys.queues, queue);
  if (payloads.length > 0) await redis.client.rPush(keys.queue(queue), payloads);
}

async function run(line: string | string[], io: FakeIo = fakeIo({ cwd: '/nowhere' })) {
  const code = await main(typeof line === 'string' ? line.split(' ') : line, { REDIS_URL: redis.uri }, io);
  return { code, ...io.texts };
}
const json = async (line: string) => JSON.parse((await run(`${line} -json`)).out) as Record<string, unknown>;

describe('queues move', () => {
  test('all, byte for byte and in order, to the tail; the queue is known then', async () => {
    const payloads = [job('A', 1), 'no job', job('B', '\\u00e9'), job('A', 1)];
    await push('low', ...payloads);
    expect((await run('queues move low high')).out).toMatch(/\n4 jobs of the queue low moved to high\n$/);
    expect([await all('low'), await all('high')]).toEqual([[], payloads]);
    expect(await redis.client.sIsMember(keys.queues, 'high')).toBe(1);
    await push('low', job('C'));
    await run('queues move low high');
    expect(await all('high')).toEqual([...payloads, job('C')]);
  });

  test('those that match, as many as are wanted', async () => {
    await push('low', job('A', 1), job('B', 2), job('A', 3), job('A', 4, 'x'));
    const document = { queue: 'low', to: 'high', interrupted: false };
    expect(await json('queues move low high -class=A -count=2 --dry-run')).toEqual({
      ...document,
      ...{ done: 2, dryRun: true, classes: [{ class: 'A', jobs: 2 }] },
    });
    expect(await all('high')).toEqual([]);
    expect(await json('queues move low high -class=A -count=2')).toMatchObject({ done: 2, dryRun: false });
    expect([await all('low'), await all('high')]).toEqual([
      [job('B', 2), job('A', 4, 'x')],
      [job('A', 1), job('A', 3)],
    ]);
    expect(await json('queues move low high -text="x"')).toMatchObject({ done: 1 });
    expect(await all('low')).toEqual([job('B', 2)]);
  });

  test('to itself, to a name that cannot be, or from nowhere is refused', async () => {
    await push('low', job('A'));
    expect(await run('queues move low low')).toMatchObject({ code: 2, err: expect.stringContaining('the same') });
    expect(await run('queues move low a,b')).toMatchObject({ code: 2, err: expect.stringContaining('comma') });
    expect(await run('queues move loow high')).toMatchObject({
      code: 1,
      err: expect.stringContaining('did you mean low?'),
    });
    expect(await all('low')).toEqual([job('A')]);
  });

  test('to a key that holds no list, or where Redis refuses the push, changes nothing', async () => {
    await push('low', job('A'), job('B'));
    await redis.client.set(keys.queue('high'), 'no list');
    const { code, err } = await run('queues move low high');
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('the key of the queue high holds no list: nothing was changed'),
    ]);
    await redis.client.sendCommand(['ACL', 'SETUSER', 'no', 'on', 'nopass', '~*', '+@all', '-rpush']);
    const connection = await testConnection(redis.uri.replace('unix://', 'unix://no:no@'));
    const other = queueNameOf(Buffer.from('other'));
    const taking = async () => {
      for await (const _ of takeQueued(connection, keys, low, { filter: {}, to: other }));
    };
    await expect(taking()).rejects.toThrow();
    expect(await all('low')).toEqual([job('A'), job('B')]);
  });
});

describe('queues purge', () => {
  test('needs a filter, asks, and deletes what matches', async () => {
    await push('low', job('A', 1), job('B', 2), job('A', 3));
    expect(await run('queues purge low')).toMatchObject({ code: 2, err: expect.stringContaining('queues remove') });
    expect(await run('queues purge low -class=A')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const io = fakeIo({ cwd: '/nowhere', terminal: true, interactive: true });
    io.input.end('n\n');
    expect(await run('queues purge low -class=A', io)).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing'),
    });
    expect(io.texts.err).toContain('delete 2 jobs of the queue low from namespace resque:');
    expect(await json('queues purge low -class=A --dry-run')).toMatchObject({ done: 2, to: null, dryRun: true });
    expect(await all('low')).toHaveLength(3);
    expect((await run('queues purge low -class=A --yes')).out).toMatch(/\n2 jobs of the queue low deleted\n$/);
    expect(await all('low')).toEqual([job('B', 2)]);
  });

  test('by arguments, exactly, and by age', async () => {
    const old = `{"class":"O","args":[],"enqueued_at":"${new Date(Date.now() - 7_200_000).toISOString()}"}`;
    await push(
      'low',
      job('A', 1),
      job('A', 1, 2),
      '{"class":"A","args":[12345678901234567890]}',
      job('A', { b: 1, a: 2 }),
      old,
    );
    await run('queues purge low -args=[1] --yes');
    await run('queues purge low -args=[12345678901234567891] --yes');
    expect(await all('low')).toHaveLength(4);
    await run('queues purge low -args=[12345678901234567890] --yes');
    await run('queues purge low -args=[{"a":2,"b":1}] --yes');
    await run('queues purge low -older=1h --yes');
    expect(await all('low')).toEqual([job('A', 1, 2)]);
    expect(await run('queues purge low -args=7 --yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('JSON array'),
    });
  });
});

test('peek finds jobs anywhere in a long queue, with their places', async () => {
  await push('low', ...Array.from({ length: 3000 }, (_, n) => job(n % 1000 === 999 ? 'Rare' : 'C', n)));
  const { out } = await run('queues peek low -class=Rare -json');
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).index),
  ).toEqual([999, 1999, 2999]);
  expect((await run('queues peek low -text=[1999] -count=1')).out).toMatch(/^1999 +Rare +1999 +-\n\n1 of 3,000 jobs/m);
  expect((await run('queues peek low -class=None')).out).toBe('none of the 3,000 jobs in low matches\n');
});

test('from a program', async () => {
  setSettings({ uri: redis.uri });
  onTestFinished(() => close());
  await push('low', job('A', 1), job('A', 2), job('B', 1));
  expect(await moveJobs('low', 'high', { class: 'A', args: [1] })).toBe(1);
  expect(await deleteJobs('low', { text: '[2]' })).toBe(1);
  expect([await all('low'), await all('high')]).toEqual([[job('B', 1)], [job('A', 1)]]);
  await expect(deleteJobs('low', {})).rejects.toThrow('needs what to match');
  await expect(moveJobs('low', 'low')).rejects.toThrow('the same');
});

test('any queue, filter and number: what a model takes, in order', async () => {
  const connection = await testConnection(redis.uri);
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.nat(3)), { maxLength: 260 }),
    fc.subarray(['A', 'B', 'C'], { minLength: 1 }),
    fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    fc.boolean(),
    async (jobs, classes, most, moves) => {
      await redis.client.flushAll();
      const payloads = jobs.map(([name, arg]) => job(name, arg));
      await push('low', ...payloads);
      const to = moves ? high : undefined;
      for await (const _ of takeQueued(connection, keys, low, { filter: { classes }, to, most }));
      const wanted = payloads.flatMap((_, i) => (classes.includes(jobs[i][0]) ? [i] : [])).slice(0, most);
      expect(await all('low')).toEqual(payloads.filter((_, i) => !wanted.includes(i)));
      expect(await all('high')).toEqual(moves ? wanted.map((i) => payloads[i]) : []);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('beside workers and producers, each job runs once or is deleted once, and the law holds all the while', async () => {
  const ran: number[] = [];
  await redis.client.sAdd(
    keys.workers,
    Array.from({ length: 20 }, (_, slot) => testWorkerId(slot)),
  );
  const { engine } = await testEngine(
    redis.uri,
    ((run: { claim: { payload: Buffer } }) => {
      ran.push(JSON.parse(run.claim.payload.toString()).args[0]);
      return Promise.resolve({ kind: 'done' });
    }) as never,
    { queues: 'low,high', concurrency: 20 },
  );
  const connection = await testConnection(redis.uri);
  let pushed = 0;
  const deleted: number[] = [];
  const argOf = (payload: string) => JSON.parse(payload).args[0] as number;
  for (let round = 0; round < 30; round++) {
    const batch = Array.from({ length: 400 }, () => job(pushed % 3 === 0 ? 'Purge' : 'Move', pushed++));
    await push('low', ...batch);
    const work = async () => {
      for await (const _ of takeQueued(connection, keys, low, { filter: { classes: ['Move'] }, to: high }));
      for await (const { taken } of takeQueued(connection, keys, low, { filter: { classes: ['Purge'] } }))
        for (const one of taken) deleted.push(argOf(one.payload));
    };
    const [counts] = await Promise.all([countJobs(redis.client), work()]);
    expect(counts.total).toBeLessThanOrEqual(pushed);
    expect((await countJobs(redis.client)).total).toBe(pushed - deleted.length);
  }
  await until(() => ran.length + deleted.length === pushed, { what: 'every job has run or was deleted' });
  expect([...ran, ...deleted].sort((a, b) => a - b)).toEqual(Array.from({ length: pushed }, (_, n) => n));
  expect(deleted.length).toBeGreaterThan(0);
  await engine.stop();
});
