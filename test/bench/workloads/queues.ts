/** tsworker's own speed with many queues, and how soon a new queue is worked that a pattern matches. */
import { interleave } from '../harness/rounds.js';
import type { Report, Row } from '../report/report.js';
import { COLUMNS, type LatencyCase, measureLatency, rowOf } from './latency.js';
import { type LoadCase, loadReport } from './loads.js';
import { NOOP } from './throughput.js';
import type { Bench } from './workload.js';

export async function manyQueues(bench: Bench): Promise<Report[]> {
  const base = { job: NOOP, concurrency: 25, systems: bench.field.single.slice(0, 1), rounds: bench.fewRounds };
  const cases: LoadCase[] = [
    { ...base, name: '1 queue' },
    { ...base, name: '1,000 queues, all full', queues: 1000 },
    { ...base, name: '1,000 queues, 10 full', queues: 1000, filled: 10 },
    { ...base, name: '1,000 queues as *, all full', queues: 1000, worked: ['*'] },
    { ...base, name: '1,000 queues as *, 10 full', queues: 1000, filled: 10, worked: ['*'] },
  ];
  const about = { workload: 'many-queues', title: 'No-op jobs from many queues (concurrency 25)' };
  const tenants = { busy: 10, idle: 9990, worked: ['*'] };
  return [
    await loadReport(bench, about, cases),
    await latencies(bench, 'many-queues', 'From push to start, idle, 10,000 queues', [['10 of them busy', tenants]]),
  ];
}

export async function patterns(bench: Bench): Promise<Report[]> {
  const fresh = { busy: 1, worked: ['*'], fresh: true, pushes: 1000 };
  return [
    await latencies(bench, 'patterns', 'From the first push to a new queue to its start, under a pattern', [
      ['few queues', fresh],
      ['beside 10,000 others', { ...fresh, idle: 10_000 }],
    ]),
  ];
}

async function latencies(
  bench: Bench,
  workload: string,
  title: string,
  cases: readonly (readonly [string, LatencyCase])[],
): Promise<Report> {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const [name, one] of cases) {
    bench.say(`${workload} ${name}`);
    const ours = bench.field.single.slice(0, 1);
    const { runs, failures } = await interleave(ours, bench.fewRounds, (system) => measureLatency(bench, system, one));
    for (const [system, results] of runs) rows.push(rowOf(name, system, results));
    notes.push(...failures.map(({ message }) => `${name}: ${message}`));
  }
  return { workload, title, labels: ['case', 'system'], columns: COLUMNS, rows, notes };
}
