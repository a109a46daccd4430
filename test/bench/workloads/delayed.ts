/**
 * Delayed and recurring jobs: how late they start on an idle machine, what a second costs in which very many are due, what a
 * look costs while very many wait, and what thousands of schedules cost the leader.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readEntry } from '../../../src/recurring/entry.js';
import { setText } from '../../../src/recurring/set-text.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { promoteDue } from '../../../src/resque/delayed.js';
import { createKeys } from '../../../src/resque/keys.js';
import { publishSchedule } from '../../../src/resque/schedules.js';
import { Scheduler } from '../../../src/scheduler/scheduler.js';
import { until } from '../../support/until.js';
import { figure, percentile } from '../harness/numbers.js';
import type { Report, Row } from '../report/report.js';
import type { Bench } from './workload.js';

const NAMESPACE = 'resque:';
const keys = createKeys(NAMESPACE);
const LOCKS = [keys.rubySchedulerLock(''), keys.nodeSchedulerLock];
const LATE_JOBS = 300;
const SCHEDULES = 10_000;

export async function delayed(bench: Bench): Promise<Report[]> {
  const many = bench.jobs ?? (bench.quick ? 100_000 : 1_000_000);
  const rows: Row[] = [];
  const row = (name: string, figures: Readonly<Record<string, number>>) =>
    rows.push({
      labels: { case: name },
      figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, figure([value])])),
    });
  const measures: readonly (readonly [string, () => Promise<Readonly<Record<string, number>>>])[] = [
    ['lateness, from T to its queue', () => lateness(bench)],
    [`${many} due in one second`, () => burst(bench, many)],
    [`a look while ${many} wait`, () => look(bench, many)],
    ['a look while 1000 wait', () => look(bench, 1000)],
    [`${SCHEDULES} schedules`, () => schedules(bench)],
  ];
  for (const [name, measure] of measures) {
    bench.say(`delayed: ${name}`);
    await bench.server.flush();
    row(name, await measure());
  }
  const columns = [
    { key: 'p50', title: 'p50 ms', digits: 2 },
    { key: 'p99', title: 'p99 ms', digits: 2 },
    { key: 'max', title: 'max ms', digits: 2 },
    { key: 'perSecond', title: 'jobs/s', digits: 0 },
    { key: 'cpu', title: '% of a core', digits: 2 },
    { key: 'start', title: 'start ms', digits: 0 },
  ];
  const notes = [
    'burst: p50, p99 and max are calls of another client, which claims (LPOP) while the jobs are moved',
    'look: the call of the scheduler while nothing is due; schedules: daily, spread over the day; start is until all are known',
  ];
  return [{ workload: 'delayed', title: 'Delayed and recurring jobs', labels: ['case'], columns, rows, notes }];
}

async function open({ server }: Bench, onInvalidate?: () => void): Promise<Connection> {
  const uri = `unix://${server.socket}`;
  return await connect({ uri, name: 'bench', silenceMs: 0 }, uri, {
    watch: true,
    ...(onInvalidate && { onInvalidate }),
  });
}

async function withScheduler<T>(bench: Bench, use: () => Promise<T>): Promise<T> {
  let scheduler: Scheduler | undefined;
  const connection = await open(bench, () => scheduler?.look());
  scheduler = new Scheduler(connection, { keys, name: 'bench.ts:1', locks: LOCKS, tell: () => {} });
  await scheduler.start();
  try {
    return await use();
  } finally {
    await scheduler.stop();
    await connection.close();
  }
}

/** As a producer writes them. */
async function fill({ server }: Bench, count: number, timeOf: (i: number) => number): Promise<void> {
  const byTime = new Map<number, string[]>();
  for (let i = 0; i < count; i++) {
    const time = timeOf(i);
    const items = byTime.get(time) ?? [];
    items.push(`{"class":"Noop","args":[${i}],"queue":"bench"}`);
    byTime.set(time, items);
  }
  for (const [time, items] of byTime) {
    for (let first = 0; first < items.length; first += 1000)
      await server.send(['RPUSH', keys.delayedAt(String(time)), ...items.slice(first, first + 1000)]);
    await server.send(['ZADD', keys.delayedTimes, String(time), String(time)]);
  }
}

async function serverMs({ server }: Bench): Promise<number> {
  const [seconds, micros] = (await server.send(['TIME'])) as [string, string];
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

async function lateness(bench: Bench): Promise<Record<string, number>> {
  const jobs = bench.quick ? 20 : LATE_JOBS;
  const first = Math.ceil((await serverMs(bench)) / 1000) + 2;
  const perSecond = 10;
  await fill(bench, jobs, (i) => first + Math.floor(i / perSecond));
  const late: number[] = [];
  await withScheduler(bench, async () => {
    const connection = await open(bench);
    for (let seen = 0; seen < jobs; ) {
      const size = Number(await connection.send(['LLEN', keys.queue('bench')]));
      const now = size > seen ? await serverMs(bench) : 0;
      for (; seen < size; seen++) late.push(now - (first + Math.floor(seen / perSecond)) * 1000);
      await sleep(1);
    }
    await connection.close();
  });
  late.sort((a, b) => a - b);
  return { p50: percentile(late, 50), p99: percentile(late, 99), max: late[late.length - 1] };
}

async function burst(bench: Bench, count: number): Promise<Record<string, number>> {
  const due = Math.floor((await serverMs(bench)) / 1000) - 1;
  await fill(bench, count, () => due);
  const calls: number[] = [];
  const began = performance.now();
  await withScheduler(bench, async () => {
    const worker = await open(bench);
    while ((await bench.server.integer(['EXISTS', keys.delayedAt(String(due))])) === 1) {
      const asked = performance.now();
      await worker.send(['LPOP', keys.queue('bench')]);
      calls.push(performance.now() - asked);
    }
    await worker.close();
  });
  const perSecond = count / ((performance.now() - began) / 1000);
  calls.sort((a, b) => a - b);
  return { p50: percentile(calls, 50), p99: percentile(calls, 99), max: calls[calls.length - 1], perSecond };
}

async function look(bench: Bench, count: number): Promise<Record<string, number>> {
  const far = Math.floor((await serverMs(bench)) / 1000) + 100_000;
  await fill(bench, count, (i) => far + (i % 100_000));
  const connection = await open(bench);
  const calls: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const asked = performance.now();
    await promoteDue(connection, keys, { name: 'bench.ts:1', leaseMs: 3000, locks: LOCKS });
    calls.push(performance.now() - asked);
  }
  await connection.close();
  calls.sort((a, b) => a - b);
  return { p50: percentile(calls, 50), p99: percentile(calls, 99), max: calls[calls.length - 1] };
}

/** In this process: its CPU time is that of the leader, apart from what the bench itself takes to wait. */
async function schedules(bench: Bench): Promise<Record<string, number>> {
  const entries = Array.from({ length: SCHEDULES }, (_, i) => ({
    ...readEntry(`n${i}`, { cron: `${i % 60} ${Math.floor(i / 60) % 24} * * *`, timezone: 'Europe/Berlin' }, 'bench'),
    queue: 'bench',
  }));
  const connection = await open(bench);
  const set = setText({ entries, dynamic: false, environment: undefined });
  await publishSchedule(connection, keys, { app: 'bench', startedMs: 1, set });
  const began = performance.now();
  return await withScheduler(bench, async () => {
    const known = async () => (await bench.server.integer(['HLEN', keys.ticks])) === SCHEDULES;
    await until(known, { timeoutMs: 60_000, everyMs: 10, what: 'all schedules are known' });
    const start = performance.now() - began;
    await sleep(1000);
    const before = process.cpuUsage();
    const seconds = bench.quick ? 3 : 30;
    await sleep(seconds * 1000);
    const { user, system } = process.cpuUsage(before);
    await connection.close();
    return { start, cpu: ((user + system) / 1e6 / seconds) * 100 };
  });
}
