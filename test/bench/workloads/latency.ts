/** From push to start, when the worker is idle: another process pushes jobs one by one, each job notes the time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reaped, tempDir } from '../../support/reaper.js';
import { until } from '../../support/until.js';
import { figure, percentile } from '../harness/numbers.js';
import { interleave } from '../harness/rounds.js';
import { cleanEnv, Worker } from '../harness/worker.js';
import type { ProducerOrders } from '../processes/producer.js';
import type { Column, Report, Row } from '../report/report.js';
import { processFile, type System } from '../systems/system.js';
import type { Bench } from './workload.js';

export const COLUMNS: readonly Column[] = [50, 99, 99.9].map((p) => ({ key: `p${p}`, title: `p${p} ms`, digits: 2 }));
/**
 * Pushes in a run, and the mean pause between two: mostly the worker is idle. The first half is not counted: until then
 * Node compiles, in the worker and in the producer, and a daemon runs for days.
 */
const [PUSHES, PAUSE_MS] = [3000, 2];

export async function latency(bench: Bench): Promise<Report[]> {
  const rows: Row[] = [];
  const notes = [
    `${PUSHES} pushes a run, of which the second half counts, at random intervals of ${PAUSE_MS + 1} ms on average, concurrency 25; one clock for both processes`,
    'node-resque looks again every 5 s when idle, as it does unless told otherwise',
  ];
  for (const count of [1, 10, 100]) {
    const name = `${count} queue${count === 1 ? '' : 's'}`;
    const systems = bench.field.single.filter((system) => !system.external);
    const { runs, failures } = await interleave(systems, bench.fewRounds, (system) => {
      bench.say(`latency ${name}: ${system.name}`);
      return measureLatency(bench, system, { busy: count });
    });
    notes.push(...failures.map(({ who, message }) => `${name}, ${who}: ${message}`));
    for (const [system, results] of runs) rows.push(rowOf(name, system, results));
  }
  const title = 'From push to start, idle';
  return [{ workload: 'latency', title, labels: ['case', 'system'], columns: COLUMNS, rows, notes }];
}

export function rowOf(name: string, system: System, results: readonly (number[] | undefined)[]): Row {
  const at = (percent: number) => figure(results.flatMap((sorted) => (sorted ? [percentile(sorted, percent)] : [])));
  const figures = Object.fromEntries([50, 99, 99.9].map((percent) => [`p${percent}`, at(percent)]));
  return { labels: { case: name, system: system.name }, figures };
}

export interface LatencyCase {
  /** How many queues get jobs. */
  readonly busy: number;
  /** What the worker is told to work; default: these queues. */
  readonly worked?: readonly string[];
  /** How many queues there are beside them, without jobs. */
  readonly idle?: number;
  /** Each job goes to a new queue. */
  readonly fresh?: boolean;
  readonly pushes?: number;
}

/** Sorted, in milliseconds. */
export async function measureLatency(
  { server, jobs }: Bench,
  system: System,
  { busy, worked, idle = 0, fresh = false, pushes: most = PUSHES }: LatencyCase,
): Promise<number[]> {
  await server.flush();
  const queues = Array.from({ length: busy }, (_, i) => `bench${i}`);
  const others = Array.from({ length: idle }, (_, i) => `idle${i}`);
  if (idle > 0) await server.integer(['SADD', 'resque:queues', ...others]);
  const { socket, tcp } = server;
  const out = join(tempDir('latency'), 'latencies.json');
  const worker = new Worker(system, { socket, tcp, queues: worked ?? queues, concurrency: 25 }, { BENCH_OUT: out });
  try {
    await warmUp(server, worker, system, queues[0]);
    const pushes = Math.min(most, jobs ?? most);
    const orders: ProducerOrders = { kind: system.books.kind, socket, queues, pushes, pauseMs: PAUSE_MS, fresh };
    const producer = reaped(
      spawn(process.execPath, [processFile('producer'), JSON.stringify(orders)], { env: cleanEnv() }),
    );
    await succeeded(producer);
    await until(() => existsSync(out), { timeoutMs: 30_000, everyMs: 50, what: 'all jobs were worked' });
    await until(() => readFileSync(out, 'utf8').endsWith(']'), { what: 'the times were written' });
    const times = JSON.parse(readFileSync(out, 'utf8')) as number[];
    return times.slice(times.length / 2).sort((a, b) => a - b);
  } finally {
    await worker.end('SIGKILL');
  }
}

async function warmUp(server: Bench['server'], worker: Worker, system: System, queue: string): Promise<void> {
  const producer = await system.books.open(server.socket);
  await producer.fill(queue, { name: 'Noop', args: [] }, 2000);
  await producer.close();
  const warm = async () => worker.ready && (await server.integer(system.books.done(queue))) >= 2000;
  await worker.until(`${system.name} is at work`, warm, 30_000);
}

function succeeded(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the producer left with ${code}: ${output}`)),
    );
  });
}
