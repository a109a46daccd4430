/**
 * A very long failed list through the built CLI, while others push to it: what is retried, in how many calls, with how
 * much memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { runCli } from '../support/cli.js';
import { entryText, idsIn, keys, pushFailed } from '../support/failed.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

const FAILED = 100_000;
const BACKTRACE = Array.from({ length: 12 }, (_, i) => `performTheThing (/app/jobs/some/module-${i}.ts:${i}:13)`);
const text = (id: number) =>
  entryText(id, { backtrace: BACKTRACE, ...(id % 10 === 0 ? { payload: { class: 'Report', args: [id] } } : {}) });

async function fill(from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 1000)
    await pushFailed(
      redis.client,
      Array.from({ length: Math.min(1000, to - first) }, (_, i) => text(first + i)),
    );
}

/** Writes to standard error the highest memory use in MB. */
const HOOK = `process.on('exit',()=>process._rawDebug('took',process.resourceUsage().maxRSS/1024))`;
const WATCHED = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(HOOK)}` };

interface Measured {
  readonly megabytes: number;
  readonly out: string;
  /** Of the commands that a page of entries takes. */
  readonly calls: { readonly lrange: number; readonly evalsha: number };
}

async function measured(args: readonly string[]): Promise<Measured> {
  await redis.client.configResetStat();
  const cli = runCli([...args, `-uri=${redis.uri}`], { env: WATCHED });
  expect(await cli.exit(50_000), cli.output).toEqual({ code: 0, signal: null });
  const stats = await redis.client.info('commandstats');
  const callsOf = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  const calls = { lrange: callsOf('lrange'), evalsha: callsOf('evalsha') };
  return { megabytes: Number(/took (\S+)/.exec(cli.stderr)?.[1]), out: cli.stdout, calls };
}

/** All entries together are 90 MB: who held them would need more. Other versions of Node begin with more memory. */
const MOST_MEGABYTES = process.version.startsWith('v20.') ? 140 : 180;

test('100,000 entries: a page is shown and a class is retried at once, while jobs go on failing', {
  timeout: 120_000,
}, async () => {
  await fill(0, FAILED);
  let failing = true;
  let next = FAILED;
  onTestFinished(() => {
    failing = false;
  });
  const others = (async () => {
    for (; failing; await sleep(1)) await pushFailed(redis.client, [text(next++)]);
  })();
  const page = await measured(['failed', 'list', '-json']);
  const retried = await measured(['failed', 'retry', '-class=Mail', '-json']);
  failing = false;
  await others;

  expect(page.out.trimEnd().split('\n')).toHaveLength(20);
  const { retried: count } = JSON.parse(retried.out) as { retried: number };
  const queued = idsIn(await redis.client.lRange(keys.queue('mail'), 0, -1));
  const left = idsIn(await redis.client.lRange(keys.failed, 0, -1));
  expect(count).toBe(queued.length);
  // In order, each once; what failed after it began was left where it is.
  const last = queued[queued.length - 1];
  expect(last).toBeGreaterThanOrEqual(FAILED - 2);
  const all = Array.from({ length: next }, (_, id) => id);
  const mine = all.filter((id) => id % 10 !== 0 && id <= last);
  expect(queued.length).toBe(mine.length);
  expect(queued.every((id, i) => id === mine[i])).toBe(true);
  const rest = all.filter((id) => id % 10 === 0 || id > last);
  expect(left.length).toBe(rest.length);
  expect(left.every((id, i) => id === rest[i])).toBe(true);
  for (const { megabytes } of [page, retried]) expect(megabytes).toBeLessThan(MOST_MEGABYTES);
  expect(page.calls.lrange).toBeLessThanOrEqual(2);
  // Pages of some 400 entries, each read by us and by the script, in a list that others push to.
  expect(retried.calls.evalsha).toBeLessThan(500);
  expect(retried.calls.lrange).toBeLessThan(1000);
});

test('Ctrl-C ends a retry between two steps, and it can be asked for again', async () => {
  await fill(0, 20_000);
  const cli = runCli(['failed', 'retry', '--all', '-rate=2000', '-json', `-uri=${redis.uri}`]);
  await expect.poll(() => redis.client.lLen(keys.queue('mail')), { interval: 1, timeout: 10_000 }).toBeGreaterThan(0);
  cli.signal('SIGINT');
  const { code } = await cli.exit();
  const { retried, interrupted } = JSON.parse(cli.stdout) as { retried: number; interrupted: boolean };
  const queued = idsIn(await redis.client.lRange(keys.queue('mail'), 0, -1));
  const left = idsIn(await redis.client.lRange(keys.failed, 0, -1));
  expect([...queued, ...left]).toEqual([...Array(20_000).keys()]);
  expect(retried).toBe(queued.length);
  // At that rate it would have taken ten seconds.
  expect({ code, interrupted }).toEqual({ code: 130, interrupted: true });
  expect(left.length).toBeGreaterThan(0);
});
