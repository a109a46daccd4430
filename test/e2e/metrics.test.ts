/** The daemon over HTTP: health, readiness, and metrics that agree with Redis' own counts. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/families.js';
import { type CliRun, childrenOf, projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, countJobs } from '../support/conservation.js';
import { parseMetrics, type Scraped } from '../support/metrics.js';
import { page } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const JOBS = writeJobs(tempDir('jobs'), {
  'j.mjs': `
    import { existsSync, writeFileSync } from 'node:fs';
    export const Ok = () => {};
    export const Later = () => new Promise((resolve) => setImmediate(resolve));
    export const Fails = () => { throw new Error('no'); };
    export const Sleep = (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));
    export const Block = (queue, ms) => { const end = Date.now() + ms; while (Date.now() < end); };
    const once = (mark, action) => {
      if (existsSync(mark)) return;
      writeFileSync(mark, '');
      action();
    };
    export const Exit = (queue, mark) => once(mark, () => process.exit(3));
    export const Kill = (queue, mark) => once(mark, () => process.kill(process.pid, 'SIGKILL'));
  `,
});

/** A Redis of the test's own, since tests run beside each other; what a test starts ends with it. */
async function stage(onTestFinished: (cleanUp: () => Promise<void>) => void) {
  const redis: TestRedis = await startRedis();
  onTestFinished(() => redis.stop());
  const start = (...flags: string[]): CliRun =>
    runCli([`-uri=${redis.uri}`, `-jobs=${JOBS}`, '-queues=high,low', ...flags], { onTestFinished });
  const push = async (queue: string, payloads: readonly unknown[]): Promise<void> => {
    const texts = payloads.map((payload) => (typeof payload === 'string' ? payload : JSON.stringify(payload)));
    await redis.client.multi().sAdd('resque:queues', queue).rPush(`resque:queue:${queue}`, texts).exec();
  };
  return { redis, start, push };
}

async function urlOf(daemon: CliRun): Promise<string> {
  const line = await daemon.waitForLog((entry) => typeof entry.url === 'string', { what: 'the address is logged' });
  return line.url as string;
}

const scrape = async (url: string): Promise<Scraped> => parseMetrics(await (await fetch(`${url}/metrics`)).text());

async function readiness(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, ...((await response.json()) as object) };
}

const READY = { status: 200, ready: true, redis: true, working: true, paused: false, blocked: false, stopping: false };

describe.concurrent('a supervisor', () => {
  test('10,000 jobs and two crashes: /metrics agrees with Redis', async ({ onTestFinished }) => {
    const { redis, start, push } = await stage(onTestFinished);
    const daemon = start('-processes=2', '-concurrency=20', '-http=0');
    const url = await urlOf(daemon);
    await until(async () => (await readiness(url)).status === 200);
    const kinds = ['Ok', 'Later', 'Fails', 'Nobody', 'Ok'];
    const many = Array.from({ length: 4998 }, (_, n) => ({ class: kinds[n % 5], args: [n] }));
    await push('high', [...many, 'garbage', { class: 'Ok', args: [] }]);
    const dir = tempDir('marks');
    const [exit, kill] = ['Exit', 'Kill'].map((name) => ({ class: name, args: [join(dir, name)] }));
    await push('low', [...many.slice(0, 1500), exit, ...many.slice(1500, 3500), kill, ...many.slice(3500)]);
    const counts = await until(async () => {
      const now = await countJobs(redis.client);
      return now.processed + now.failedStat === 10_000 ? now : undefined;
    });
    const figures = (of: Scraped) => ({
      done: of.sum('tsworker_jobs_total', { outcome: 'done' }),
      failed: of.sum('tsworker_jobs_total', { outcome: 'failed' }),
      processedInRedis: of.sum('tsworker_resque_processed_total'),
      failedInRedis: of.sum('tsworker_resque_failed_total'),
    });
    // Children report every second.
    await until(async () => Object.values(figures(await scrape(url))).reduce((sum, n) => sum + n) >= 20_000);
    // The child that takes the place of the last one may still be starting.
    await until(async () => (await scrape(url)).series('tsworker_slots').length === 2);
    const scraped = await scrape(url);
    const [processed, failed] = [counts.processed, counts.failedStat];
    const agreed = { done: processed, failed, processedInRedis: processed, failedInRedis: failed };
    expect(figures(scraped)).toEqual(agreed);
    expect(scraped.sum('tsworker_failed_list_jobs')).toBe(counts.failed);
    expect(scraped.sum('tsworker_child_restarts_total', { reason: 'death' })).toBe(2);
    for (const name of ['Exit', 'Kill'])
      expect(scraped.sum('tsworker_jobs_total', { class: name, outcome: 'requeued' })).toBe(1);
    await assertConserved(redis.client, 10_000);
    checkLabels(scraped);
    checkDashboard(scraped);
    expect(
      scraped
        .series('tsworker_slots')
        .map(({ process }) => process)
        .sort(),
    ).toEqual(['child-1', 'child-2']);
    expect(scraped.sum('tsworker_slots')).toBe(20);
    // Of the others nobody knows how long they waited.
    expect(scraped.sum('tsworker_job_wait_seconds_count')).toBe(0);
    const waited = { class: 'Ok', args: [], enqueued_at: new Date(Date.now() - 20_000).toISOString() };
    await push('high', [waited]);
    const high = { queue: 'high' };
    const after = await until(async () => {
      const now = await scrape(url);
      return now.sum('tsworker_job_wait_seconds_count', high) === 1 ? now : undefined;
    });
    expect(after.sum('tsworker_job_wait_seconds_sum', high)).toBeGreaterThanOrEqual(20);
    daemon.signal('SIGTERM');
    expect((await daemon.exit()).code).toBe(0);
  });

  test('ready, and not: while Redis is away, while it stops; alive all the time, also with a blocked child', async ({
    onTestFinished,
  }) => {
    const { redis, start, push } = await stage(onTestFinished);
    const daemon = start('-processes=2', '-concurrency=2', '-http=0');
    const url = await urlOf(daemon);
    // It serves before the first child is at work.
    const states: unknown[] = [];
    await until(async () => {
      const state = await readiness(url);
      states.push(state.status);
      return state.status === 200;
    });
    expect(states[0]).toBe(503);
    expect(await readiness(url)).toEqual(READY);

    await redis.kill();
    await until(async () => (await readiness(url)).status === 503);
    expect(await readiness(url)).toEqual({ ...READY, status: 503, ready: false, redis: false });
    await until(async () => (await scrape(url)).sum('tsworker_redis_up') === 0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await redis.start();
    await until(async () => (await readiness(url)).status === 200);
    await until(async () => (await scrape(url)).sum('tsworker_redis_reconnects_total', { process: 'supervisor' }) >= 1);

    await push('high', [{ class: 'Block', args: [1800] }]);
    const children = ['child-1', 'child-2'];
    const blocked = await until(async () => {
      const now = await scrape(url);
      return children.find((process) => now.sum('tsworker_silent_seconds', { process }) > 1.5);
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await until(async () => {
      const now = await scrape(url);
      const lag = (suffix: string, more = {}) =>
        now.sum(`tsworker_event_loop_lag_seconds_${suffix}`, { process: blocked, ...more });
      return lag('count') > lag('bucket', { le: '1' });
    });

    await push('low', [{ class: 'Sleep', args: [400] }]);
    await until(async () => (await countJobs(redis.client)).claimed === 1);
    daemon.signal('SIGTERM');
    await until(async () => (await readiness(url)).status === 503);
    expect(await readiness(url)).toEqual({ ...READY, status: 503, ready: false, stopping: true });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await daemon.exit()).code).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test('a child that is replaced, since it was killed or at a reload: its gauges go with it, its counts stay', async ({
    onTestFinished,
  }) => {
    const { redis, start, push } = await stage(onTestFinished);
    const daemon = start('-concurrency=3', '-http=0');
    const url = await urlOf(daemon);
    await until(async () => (await scrape(url)).sum('tsworker_slots') === 3);
    const [victim] = childrenOf(daemon.pid);
    await push('high', [{ class: 'Ok', args: [] }]);
    await until(async () => (await countJobs(redis.client)).processed === 1);
    process.kill(victim, 'SIGKILL');
    await until(async () => (await scrape(url)).sum('tsworker_slots') === 0, { everyMs: 2 });
    await until(async () => (await scrape(url)).sum('tsworker_slots') === 3);
    const scraped = await scrape(url);
    expect(scraped.sum('tsworker_jobs_total', { outcome: 'done' })).toBe(1);
    expect(scraped.series('tsworker_slots')).toEqual([{ process: 'child-1' }]);
    await push('high', [{ class: 'Ok', args: [] }]);
    daemon.signal('SIGHUP');
    await until(async () => (await scrape(url)).sum('tsworker_child_restarts_total', { reason: 'reload' }) === 1);
    await until(async () => (await scrape(url)).sum('tsworker_slots') === 3);
    await until(async () => (await scrape(url)).sum('tsworker_jobs_total', { outcome: 'done' }) === 2);
    daemon.signal('SIGTERM');
    expect((await daemon.exit()).code).toBe(0);
  });
});

/** A payload says "Nobody", and garbage says nothing: neither makes a series. */
function checkLabels(scraped: Scraped): void {
  for (const name of scraped.names) {
    for (const { queue = 'high', class: className = 'Ok' } of scraped.series(name)) {
      expect(['high', 'low', 'unknown']).toContain(queue);
      expect(['Ok', 'Later', 'Fails', 'Exit', 'Kill', 'unknown']).toContain(className);
    }
  }
  expect(scraped.sum('tsworker_jobs_total', { class: 'unknown', outcome: 'failed' })).toBeGreaterThan(0);
}

/** Names and labels of every expression, against what was scraped. */
function checkDashboard(scraped: Scraped): void {
  const dashboard = JSON.parse(readFileSync(join(projectRoot, 'config/grafana-dashboard.json'), 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
    templating: { list: { query: string | { query: string } }[] };
  };
  const queries = dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
  const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(expressions.length).toBeGreaterThan(20);
  const suffixes = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] };
  const known = new Map(
    [...scraped.types].flatMap(([name, type]) =>
      suffixes[type as keyof typeof suffixes].map((suffix) => [`${name}${suffix}`, name]),
    ),
  );
  for (const expression of [...expressions, ...queries]) {
    const names = expression.match(/\btsworker_\w+/g) ?? [];
    for (const name of names) expect([...known.keys()], expression).toContain(name);
    const family = FAMILIES[known.get(names[0] ?? '') as keyof typeof FAMILIES];
    const labels = [...expression.matchAll(/by \(([^)]*)\)|(\w+)(?:=~|!=|=)"/g)].flatMap(
      ([, by, matched]) => by?.split(', ') ?? [matched],
    );
    for (const label of labels) expect(['instance', 'le', ...(family?.labels ?? [])], expression).toContain(label);
  }
}

test.concurrent('in one process it serves itself, for the library too', async ({ onTestFinished }) => {
  const { redis, push } = await stage(onTestFinished);
  const main = join(tempDir('program'), 'main.mjs');
  const index = JSON.stringify(join(projectRoot, 'dist/index.js'));
  writeJobs(join(main, '..'), {
    'main.mjs': `
      import { register, work } from ${index};
      register('Ok', () => {});
      register('Sleep', (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms)));
      await work({ uri: ${JSON.stringify(redis.uri)}, queues: ['high'], concurrency: 4, http: 0, logFormat: 'json' });
    `,
  });
  const program = run(process.execPath, [main], { onTestFinished });
  const url = await urlOf(program);
  await until(async () => (await readiness(url)).status === 200);
  expect(await readiness(url)).toEqual(READY);
  const at = new Date(Date.now() - 3_600_000).toISOString();
  await push('high', [...Array.from({ length: 3 }, () => ({ class: 'Ok', args: [], enqueued_at: at })), 'garbage']);
  await push(
    'high',
    Array.from({ length: 6 }, () => ({ class: 'Sleep', args: [60_000], enqueued_at: at })),
  );
  const scraped = await until(async () => {
    const now = await scrape(url);
    return now.sum('tsworker_busy_slots', { process: 'worker' }) === 4 ? now : undefined;
  });
  expect(scraped.sum('tsworker_jobs_total', { outcome: 'done' })).toBe(3);
  expect(scraped.sum('tsworker_jobs_total', { outcome: 'failed', class: 'unknown' })).toBe(1);
  expect(scraped.sum('tsworker_job_wait_seconds_sum', { queue: 'high' })).toBeCloseTo(3 * 3600, -2);
  await until(async () => (await scrape(url)).sum('tsworker_queue_jobs') === 2);
  expect((await scrape(url)).sum('tsworker_queue_head_age_seconds')).toBeCloseTo(3600, -2);
  program.signal('SIGTERM');
  await until(async () => (await readiness(url)).status === 503);
  await program.kill();
  await assertConserved(redis.client, 10);
});

describe.concurrent('an address that cannot be served on', () => {
  test('in use: nothing starts, and the error says so', async ({ onTestFinished }) => {
    const { redis, start } = await stage(onTestFinished);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      for (const flag of ['-connections=2', '-connections=1']) {
        const daemon = start(`-http=${port}`, flag);
        expect(await daemon.exit()).toEqual({ code: 1, signal: null });
        expect(daemon.stderr).toBe(
          `tsworker: -http: cannot listen on 127.0.0.1:${port}: the port is in use; end what listens there, or choose another; 0 takes a free one\n`,
        );
        expect(daemon.logs.filter((line) => line.msg === 'tsworker started')).toEqual([]);
      }
      expect(await redis.client.exists('resque:workers')).toBe(0);
    } finally {
      holder.close();
    }
  });
});

test('every metric is documented, with its type and labels as they are', () => {
  const rows = [
    ...page('config/monitoring.md').matchAll(/^\| `(tsworker_\w+)` +\| (\w+) +\| ([^|]*?) +\| (.+?) +\|$/gm),
  ];
  const documented = Object.fromEntries(rows.map(([, name, type, labels]) => [name, { type, labels }]));
  const exported = Object.entries(FAMILIES).map(([name, { type, labels }]) => {
    return [name, { type, labels: labels.map((label) => `\`${label}\``).join(', ') }];
  });
  expect(documented).toEqual(Object.fromEntries(exported));
});
