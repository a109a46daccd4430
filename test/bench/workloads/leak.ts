/** The heap of one worker after 100,000 jobs and after a million: it must not grow. tsworker only, by its library. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { reaped } from '../../support/reaper.js';
import { until } from '../../support/until.js';
import { resqueBooks } from '../books/resque.js';
import { figure } from '../harness/numbers.js';
import { usageOf } from '../harness/proc.js';
import type { Server } from '../harness/server.js';
import { cleanEnv } from '../harness/worker.js';
import type { Column, Report, Row } from '../report/report.js';
import { processFile } from '../systems/system.js';
import { NOOP } from './throughput.js';
import type { Bench } from './workload.js';

const COLUMNS: readonly Column[] = [
  { key: 'heapMb', title: 'heap, MB', digits: 2 },
  { key: 'ratio', title: '÷ first', digits: 3 },
  { key: 'rssMb', title: 'resident, MB', digits: 1 },
];
const QUEUE = 'leak';
const PORTION = 100_000;

export async function leak(bench: Bench): Promise<Report[]> {
  const { server, jobs } = bench;
  const portion = Math.min(PORTION, jobs ?? PORTION);
  const looks = [portion, 10 * portion];
  await server.flush();
  const spec = { socket: server.socket, tcp: server.tcp, queues: [QUEUE], concurrency: 100 };
  const args = ['--expose-gc', processFile('heap'), JSON.stringify(spec)];
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as ('ignore' | 'inherit' | 'ipc')[];
  const child = reaped(spawn(process.execPath, args, { env: cleanEnv(), stdio }));
  const rows: Row[] = [];
  try {
    for (let done = portion; done <= 10 * portion; done += portion) {
      bench.say(`leak: ${done.toLocaleString('en')} jobs`);
      await work(server, child, portion, done);
      if (looks.includes(done)) rows.push(await look(child, done, rows[0]));
    }
  } finally {
    child.kill('SIGKILL');
  }
  const title = 'The heap after a full collection, after so many jobs in one worker (concurrency 100)';
  return [{ workload: 'leak', title, labels: ['jobs'], columns: COLUMNS, rows, notes: [] }];
}

async function work(server: Server, child: ChildProcess, portion: number, total: number): Promise<void> {
  const producer = await resqueBooks.open(server.socket);
  await producer.fill(QUEUE, NOOP, portion);
  await producer.close();
  const isDone = async () => child.exitCode !== null || (await server.integer(resqueBooks.done(QUEUE))) >= total;
  await until(isDone, { timeoutMs: 60_000, what: `${total} jobs are done` });
}

async function look(child: ChildProcess, done: number, first: Row | undefined): Promise<Row> {
  const answer = once(child, 'message');
  child.send('look');
  const [heap] = (await answer) as [number];
  const before = first?.figures.heapMb?.median;
  return {
    labels: { jobs: done.toLocaleString('en') },
    figures: {
      heapMb: figure([heap / 1e6]),
      ratio: before === undefined ? undefined : figure([heap / 1e6 / before]),
      rssMb: figure([usageOf([child.pid ?? 0]).rssBytes / 1e6]),
    },
  };
}
