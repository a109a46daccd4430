/** `tsworker delayed` and `tsworker enqueue -in`: what is shown, moved and removed, on a real Redis. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { assertConserved } from '../../support/conservation.js';
import { fakeIo } from '../../support/io.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

async function run(line: string) {
  const io = fakeIo();
  const code = await main(line.split(' '), { REDIS_URL: redis.uri }, io);
  return { code, out: io.texts.out, err: io.texts.err };
}

/** One in 100 seconds, one in 200, … */
async function fill(...names: string[]): Promise<void> {
  for (const [i, name] of names.entries())
    expect((await run(`enqueue ${name} ${i} -queue=q -in=${(i + 1) * 100}s`)).code).toBe(0);
}

const lines = async (flags = '') => {
  const { out } = await run(`delayed list -json ${flags}`.trim());
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; class: string; queue: string; at: string });
};
const classes = async (flags?: string) => (await lines(flags)).map((line) => line.class);

test('enqueue says until when, and refuses what it cannot do', async () => {
  expect(await run('enqueue A 1 -queue=q -at=2100-01-01T00:00Z')).toMatchObject({
    code: 0,
    out: '1 job delayed until 2100-01-01 00:00:00 UTC, then in q\n',
  });
  expect(await run('enqueue A 1 -queue=q -at=2000-01-01')).toMatchObject({
    code: 0,
    out: expect.stringContaining('due already'),
  });
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"A","args":[1]}']);
  expect(await run('enqueue A -queue=q -in=1h -at=2100-01-01')).toMatchObject({
    code: 2,
    err: expect.stringContaining('not both'),
  });
  expect(await run('enqueue -file=x -in=1h')).toMatchObject({ code: 2 });
  expect(await run('enqueue A -queue=q -in=soon')).toMatchObject({ code: 2, err: expect.stringContaining('10m') });
  await assertConserved(redis.client, 2);
});

test('lists, filters and counts', async () => {
  await fill('A', 'B', 'A');
  expect(await classes()).toEqual(['A', 'B', 'A']);
  expect(await classes('-class=A')).toEqual(['A', 'A']);
  expect(await classes('-before=150s')).toEqual(['A']);
  expect(await classes('-after=150s')).toEqual(['B', 'A']);
  expect(await classes('-text=[1]')).toEqual(['B']);
  expect(await classes('-count=1')).toEqual(['A']);
  expect((await run('delayed count')).out).toMatch(/2 {2}A {6}q[\s\S]*1 {2}B {6}q[\s\S]*3 delayed jobs/);
  expect((await run('delayed')).out).toContain('3 delayed jobs, the next due first');
});

test('shows one by the beginning of its id', async () => {
  await fill('A');
  const [{ id }] = await lines();
  const shown = await run(`delayed show ${id.slice(0, 7)}`);
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('{"class":"A","args":[0],"queue":"q"}') });
  expect(await run('delayed show 0000000')).toMatchObject({ code: 1, err: expect.stringContaining('0000000') });
});

test('runs what is meant, in order, and nothing else', async () => {
  await fill('A', 'B', 'A');
  expect(await run('delayed run')).toMatchObject({ code: 2 });
  expect(await run('delayed run -class=A --dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 delayed jobs would be enqueued'),
  });
  expect(await classes()).toHaveLength(3);
  expect(await run('delayed run -class=A')).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 delayed jobs enqueued'),
  });
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([
    '{"class":"A","args":[0]}',
    '{"class":"A","args":[2]}',
  ]);
  expect(await classes()).toEqual(['B']);
  await assertConserved(redis.client, 3);
});

test('moves to another time, each once', async () => {
  await fill('A', 'B');
  expect(await run('delayed move --all')).toMatchObject({ code: 2, err: expect.stringContaining('-in') });
  expect(await run('delayed move --all -at=2100-01-01T00:00Z')).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 delayed jobs moved'),
  });
  expect((await lines()).map(({ at }) => at)).toEqual(['2100-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z']);
  expect(await redis.client.zCard('resque:delayed_queue_schedule')).toBe(1);
  await assertConserved(redis.client, 2);
});

test('removes after asking, and not where nobody can be asked', async () => {
  await fill('A', 'B');
  expect(await run('delayed remove')).toMatchObject({ code: 2 });
  expect(await run('delayed remove -class=A')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await run('delayed remove -class=A --yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 delayed job removed'),
  });
  expect(await classes()).toEqual(['B']);
  expect(await redis.client.keys('resque:timestamps*A*')).toEqual([]);
});

test('finds a list that is in no schedule, and puts it back', async () => {
  await redis.client.rPush('resque:delayed:4102444800', '{"class":"A","args":[],"queue":"q"}');
  await redis.client.hSet('resque:delayed:last_enqueued_at', 'nightly', 'x');
  expect(await run('delayed repair --dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 list of delayed jobs would'),
  });
  expect(await classes()).toEqual([]);
  expect(await run('delayed repair')).toMatchObject({ code: 0 });
  expect(await classes()).toEqual(['A']);
  expect((await run('delayed repair')).out).toContain('every list');
});
