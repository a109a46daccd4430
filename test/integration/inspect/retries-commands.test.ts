/** `tsworker retries`: what is shown, run, failed and removed, on a real Redis. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { createKeys } from '../../../src/resque/keys.js';
import { envelopeHead } from '../../../src/resque/retry-state.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { fakeIo } from '../../support/io.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
const keys = createKeys('resque:');
const AT = '2026-11-24T10:00:00.000Z';

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

/** In q, one due in 100 seconds, one in 200, …; as a worker leaves them. */
async function fill(names: readonly string[], { queue = 'q', everyMs = 100_000 } = {}): Promise<void> {
  const now = Date.now();
  const members = names.map((name, i) => {
    const errors = [{ at: AT, error: `TypeError: ${name} failed`, worker: 'w:1-0:q' }];
    const state = { id: `${queue}-${i}`, attempt: 2, postponed: 0, firstFailedAt: AT, errors };
    const value = `${envelopeHead(queue, state)}"payload":{"class":"${name}","args":[${i}]}}`;
    return { score: now + (i + 1) * everyMs, value };
  });
  await redis.client.zAdd(keys.retriesOf(queue), members);
  await redis.client.zAdd(keys.retries, { score: members[0].score, value: queue });
}

interface Line {
  readonly id: string;
  readonly class: string;
  readonly queue: string;
}
const lines = async (flags = '') => {
  const { out } = await run(`retries list -json ${flags}`.trim());
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
};
const classes = async (flags?: string) => (await lines(flags)).map((line) => line.class);

test('lists and filters', async () => {
  expect(await run('retries')).toMatchObject({ code: 0, out: expect.stringContaining('no jobs wait to run again in') });
  await fill(['A', 'B', 'A']);
  await fill(['C'], { queue: 'other', everyMs: 900_000 });
  expect(await classes()).toEqual(['A', 'B', 'A', 'C']);
  expect(await classes('-class=A')).toEqual(['A', 'A']);
  expect(await classes('-queue=other')).toEqual(['C']);
  expect(await classes('-before=150s')).toEqual(['A']);
  expect(await classes('-after=150s')).toEqual(['B', 'A', 'C']);
  expect(await classes('-text=[1]')).toEqual(['B']);
  expect(await classes('-error=C')).toEqual(['C']);
  expect(await classes('-count=1')).toEqual(['A']);
  const { out } = await run('retries');
  expect(out).toContain('TypeError: B failed');
  expect(out).toContain('4 jobs to run again, by queue, the next due first');
  expect((await run('failed')).out).toContain('4 jobs to run again: see tsworker retries');
  expect((await run('status')).out).toContain('4 jobs to run again');
  expect(JSON.parse((await run('status -json')).out)).toMatchObject({ retrying: 4 });
});

test('shows one with what it failed with, by the beginning of its id', async () => {
  await fill(['A', 'B']);
  const [, { id }] = await lines();
  expect((await run(`retries show ${id.slice(0, 7)}`)).out).toMatch(
    /failed +2026-11-24T10:00:00\.000Z TypeError: B failed/,
  );
  expect(JSON.parse((await run(`retries show ${id} -json`)).out)).toMatchObject({
    ...{ class: 'B', queue: 'q', attempt: 2, firstFailedAt: AT },
    errors: [{ error: 'TypeError: B failed' }],
  });
  expect(await run('retries show nothing')).toMatchObject({ code: 1 });
});

test('run hands them back to their queue, byte for byte; dry-run changes nothing', async () => {
  await fill(['A', 'B', 'A']);
  expect(await run('retries run')).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
  expect(await run('retries run -class=A --dry-run')).toMatchObject({ code: 0, out: '2 jobs would be enqueued\n' });
  expect(await countJobs(redis.client)).toMatchObject({ retrying: 3, queued: 0 });
  expect(await run('retries run -class=A')).toMatchObject({ code: 0, out: '2 jobs enqueued\n' });
  const queued = await redis.client.lRange(keys.queue('q'), 0, -1);
  expect(queued).toEqual(['{"class":"A","args":[0]}', '{"class":"A","args":[2]}']);
  await assertConserved(redis.client, 3);
  const [due] = await redis.client.zRangeWithScores(keys.retries, 0, 0);
  const [left] = await redis.client.zRangeWithScores(keys.retriesOf('q'), 0, 0);
  expect(due.score).toBe(left.score);
  expect(await run('retries run --all')).toMatchObject({ code: 0, out: '1 job enqueued\n' });
  expect(await redis.client.exists([keys.retries, keys.retriesOf('q')])).toBe(0);
});

test.each([100_000, 0])('a thousand, %d ms apart', async (everyMs) => {
  await fill(
    Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? 'A' : 'B')),
    { everyMs },
  );
  expect(await classes('-count=5000')).toHaveLength(1000);
  expect(await run('retries run -class=A')).toMatchObject({ code: 0, out: '334 jobs enqueued\n' });
  expect(await run('retries run --all')).toMatchObject({ code: 0, out: '666 jobs enqueued\n' });
  await assertConserved(redis.client, 1000);
});

test('fail moves them to the failed list with their last error and the history', async () => {
  await fill(['A']);
  expect(await run('retries fail --all')).toMatchObject({ code: 0, out: '1 job moved to the failed list\n' });
  const entry = JSON.parse((await redis.client.lIndex(keys.failed, 0)) ?? '');
  expect(entry).toMatchObject({
    ...{ exception: 'TypeError', error: 'A failed', worker: 'w:1-0:q', queue: 'q' },
    ...{ payload: { class: 'A', args: [0] }, attempts: 1, first_failed_at: AT, retries: [{ at: AT }] },
  });
  expect(await countJobs(redis.client)).toMatchObject({ failed: 1, failedStat: 1, retrying: 0 });
});

test('remove asks first', async () => {
  await fill(['A', 'B']);
  expect(await run('retries remove -class=A')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await run('retries remove -class=A --yes')).toMatchObject({ code: 0, out: '1 job removed\n' });
  expect(await classes()).toEqual(['B']);
});

test('what some other program wrote there can be seen and removed', async () => {
  await redis.client.zAdd(keys.retriesOf('q'), { score: 1, value: 'junk' });
  await redis.client.zAdd(keys.retries, { score: 1, value: 'q' });
  expect(await run('retries')).toMatchObject({ code: 0, out: expect.stringContaining('no job: ') });
  expect(await run('retries fail --all')).toMatchObject({ code: 0 });
  expect(JSON.parse((await redis.client.lIndex(keys.failed, 0)) ?? '')).toMatchObject({
    payload: { class: 'InvalidPayload', args: ['junk'] },
    payload_base64: Buffer.from('junk').toString('base64'),
  });
});
