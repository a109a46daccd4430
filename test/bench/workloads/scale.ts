/** How tsworker's own speed grows, or sinks, with queues, waiting jobs, slots and processes. */
import { figure, percentile } from '../harness/numbers.js';
import { Worker } from '../harness/worker.js';
import { nowMs } from '../jobs/bench.js';
import type { Report, Row } from '../report/report.js';
import { tsworkerProcesses } from '../systems/tsworker.js';
import { type LoadCase, loadReport } from './loads.js';
import { NOOP } from './throughput.js';
import type { Bench } from './workload.js';

export async function scale(bench: Bench): Promise<Report[]> {
  const [ours] = bench.field.single;
  const rounds = bench.fewRounds;
  const base = { job: NOOP, concurrency: 25, systems: [ours], rounds };
  const queues = [1, 10, 100, 1000].map((n): LoadCase => ({ ...base, name: `queues ${n}`, queues: n }));
  const slots = [1, 10, 100, 1000, 10_000].map(
    (n): LoadCase => ({ ...base, name: `concurrency ${n}`, concurrency: n }),
  );
  const waiting = [10_000, 100_000, 1_000_000].map((n): LoadCase => ({ ...base, name: `waiting ${n}`, fixed: n }));
  const processes = [1, 2, 4].flatMap((n): LoadCase[] => {
    const system = tsworkerProcesses(n);
    return system === undefined ? [] : [{ ...base, name: `${n} processes`, systems: [system] }];
  });
  const report = (title: string, cases: LoadCase[]) => loadReport(bench, { workload: 'scale', title }, cases);
  return [
    await report('By queues, all of them full (concurrency 25)', queues),
    await report('By concurrency', slots),
    await report('By jobs that wait (concurrency 25)', waiting),
    await bursts(bench),
    ...(processes.length > 0 ? [await report('By processes (concurrency 25)', processes)] : []),
  ];
}

const REPEATS = 30;

/** Few waiting jobs are gone before a window opens: here they come at once to an idle worker, again and again. */
async function bursts(bench: Bench): Promise<Report> {
  const { server, field } = bench;
  const [{ books }] = field.single;
  await server.flush();
  const spec = { socket: server.socket, tcp: server.tcp, queues: ['burst'], concurrency: 25 };
  const worker = new Worker(field.single[0], spec);
  const producer = await books.open(server.socket);
  const rows: Row[] = [];
  let done = 0;
  const work = async (size: number) => {
    const begun = nowMs();
    done += size;
    await producer.fill('burst', NOOP, size);
    while ((await server.integer(books.done('burst'))) < done) worker.check();
    return nowMs() - begun;
  };
  try {
    await work(10_000);
    for (const size of [1, 10, 100, 1000]) {
      bench.say(`scale: bursts of ${size}`);
      const times: number[] = [];
      for (let i = 0; i < REPEATS; i++) times.push(await work(size));
      times.sort((a, b) => a - b);
      const figures = { p50: figure([percentile(times, 50)]), p99: figure([percentile(times, 99)]) };
      rows.push({ labels: { burst: String(size) }, figures });
    }
  } finally {
    await producer.close();
    await worker.end('SIGKILL');
  }
  const columns = [
    { key: 'p50', title: 'p50 ms', digits: 2 },
    { key: 'p99', title: 'p99 ms', digits: 2 },
  ];
  const title = 'Bursts to an idle worker: from the push to all done (concurrency 25)';
  return { workload: 'scale', title, labels: ['burst'], columns, rows, notes: [`${REPEATS} bursts of each size`] };
}
