/** `tsworker schedule`, in this process: what it shows, changes, says and returns. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { readEntry, type ScheduleOptions } from '../../../src/recurring/entry.js';
import { setText } from '../../../src/recurring/set-text.js';
import { tickText } from '../../../src/recurring/tick.js';
import { serverTimeMs } from '../../../src/registry/clock.js';
import { publishSchedule } from '../../../src/resque/schedules.js';
import { keys } from '../../support/failed.js';
import { fakeIo } from '../../support/io.js';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';

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

async function publish(given: Readonly<Record<string, ScheduleOptions>>): Promise<void> {
  const entries = Object.entries(given).map(([name, one]) => {
    const entry = readEntry(name, one, 'jobs/report.ts');
    return { ...entry, queue: entry.queue ?? 'q' };
  });
  const set = setText({ entries, dynamic: false, environment: undefined });
  await publishSchedule(await testConnection(redis.uri), keys, { app: 'shop', startedMs: 1, set });
}
const queued = () => redis.client.lRange(keys.queue('q'), 0, -1);
const document = async (line: string) => JSON.parse((await run(line)).out) as Readonly<Record<string, unknown>>;

const NIGHTLY = { cron: '0 3 * * *', timezone: 'UTC', class: 'Report', args: ['all'], description: 'the report' };

test('list and show: what comes when, what was enqueued last, and by whom', async () => {
  expect(await run('schedule')).toMatchObject({ code: 0, out: expect.stringContaining('no recurring jobs in') });
  await publish({ nightly: NIGHTLY, often: { every: '1m', missed: 'all', jitter: 5, expiresIn: 60 } });
  const now = await serverTimeMs(await testConnection(redis.uri));
  const last = Math.floor(now / 60_000) * 60_000;
  const state = { last, next: last + 60_000, by: 'web1.ts:4711#abc123' };
  await redis.client.hSet(keys.ticks, 'often', tickText({ everyMs: 60_000 }, state));
  await redis.client.hSet(keys.lastEnqueuedAt, 'nightly', '2026-11-24 03:00:00 +0000');
  const { code, out } = await run('schedule');
  expect(code).toBe(0);
  expect(out).toMatch(/often .* ago {2}web1\.ts:4711 {2}every 1m {2} *often {2} *q\n/);
  expect(out).toMatch(/nightly .*0 3 \* \* \* UTC {2}Report {2}q\n\n2 recurring jobs, the next due first\n$/);
  const lines = (await run('schedule list -json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    expect.objectContaining({
      name: 'often',
      by: 'web1.ts:4711',
      missed: 'all',
      jitter: 5,
      expiresIn: 60,
      app: 'shop',
    }),
    expect.objectContaining({
      ...{ name: 'nightly', last: '2026-11-24T03:00:00.000Z', by: null, paused: false, origin: 'jobs/report.ts' },
      next: expect.stringMatching(/T03:00:00\.000Z$/),
    }),
  ]);
  const shown = (await run('schedule show nightly')).out;
  for (const part of ['the report', '0 3 * * * UTC', 'Report', '"all"', 'jobs/report.ts, published by shop'])
    expect(shown).toContain(part);
  expect((await document('schedule show nightly -json')).times).toHaveLength(5);
  expect(await run('schedule show nightl')).toMatchObject({
    code: 1,
    err: expect.stringContaining('did you mean nightly?'),
  });
});

test('run: once more, now', async () => {
  await publish({ nightly: NIGHTLY, other: { every: '1h' } });
  expect((await run('schedule run nightly --dry-run')).out).toBe('1 recurring job would be enqueued: nightly\n');
  expect(await queued()).toEqual([]);
  expect(await run('schedule run nightly')).toMatchObject({ code: 0, out: '1 recurring job enqueued: nightly\n' });
  expect(await queued()).toEqual(['{"class":"Report","args":["all"]}']);
  expect(await run('schedule run nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no recurring job nobody'),
  });
  expect((await run('schedule run')).code).toBe(2);
});

test('pause and resume', async () => {
  await publish({ a: { every: '1h' }, b: { every: '1h' } });
  expect(await run('schedule pause')).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
  expect(await document('schedule pause a -json')).toEqual({ verb: 'pause', done: ['a'], dryRun: false, missing: [] });
  expect(await document('schedule pause a b --dry-run -json')).toMatchObject({ done: ['b'], dryRun: true });
  const { out } = await run('schedule');
  expect(out).toMatch(/a +paused/);
  expect(out).toContain('2 recurring jobs, the next due first; 1 paused');
  expect((await run('status')).out).toMatch(/recurring {2}2 jobs, the next in .*; 1 paused/);
  expect(await document('schedule resume --all -json')).toMatchObject({ done: ['a'] });
  expect((await document('status -json')).recurring).toMatchObject({ entries: 2, paused: 0 });
});

test("import writes Ruby's dynamic entries into a file that -schedule takes, and overwrites none", async () => {
  expect((await run('schedule import')).out).toContain('no entries of Ruby programs');
  await redis.client.hSet(keys.persistentSchedules, {
    b: '{"every":"5m","class":"B","queue":"q","args":[12345678901234567890]}',
    a: '{"cron":"0 3 * * *","class":"A","queue":"q"}',
  });
  expect((await run('schedule')).out).toContain('2 entries of Ruby programs left alone (-dynamic-schedule)');
  const text =
    'a:\n  cron: 0 3 * * *\n  class: A\n  queue: q\nb:\n  every: 5m\n  class: B\n  queue: q\n  args:\n    - 12345678901234567890\n';
  expect(await run('schedule import')).toMatchObject({ code: 0, out: text });
  const file = join(tempDir('schedule'), 'resque_schedule.yml');
  expect(await run(`schedule import ${file}`)).toMatchObject({ code: 0, out: `2 entries written to ${file}\n` });
  expect(readFileSync(file, 'utf8')).toBe(text);
  writeFileSync(file, 'mine');
  expect(await run(`schedule import ${file}`)).toMatchObject({ code: 1, err: expect.stringContaining('exists') });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  await redis.client.hSet(keys.persistentSchedules, 'bad', 'x');
  expect(await run('schedule import -json')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/"leftOut": \[\s+"bad"/),
  });
});
