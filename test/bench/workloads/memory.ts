/** Resident memory of the worker's process: idle, and with a sleeping job in every slot. */
import { setTimeout as sleep } from 'node:timers/promises';
import { figure } from '../harness/numbers.js';
import { interleave } from '../harness/rounds.js';
import { Worker } from '../harness/worker.js';
import type { Column, Report, Row } from '../report/report.js';
import type { System } from '../systems/system.js';
import type { Bench } from './workload.js';

const COLUMNS: readonly Column[] = [
  { key: 'idleMb', title: 'idle, MB' },
  { key: 'busyMb', title: 'every slot asleep in a job, MB' },
];
/** Longer than the measurement. */
const SLEEP_MS = 600_000;
const PATIENCE_MS = 120_000;

export async function memory(bench: Bench): Promise<Report[]> {
  const rows: Row[] = [];
  const notes: string[] = ['MB of 1,000,000 bytes; one run'];
  const [ours] = bench.field.single;
  const known = bench.field.single.filter((system) => !system.external);
  for (const concurrency of [25, 1000, 100_000]) {
    const systems = concurrency > 1000 ? [ours] : known;
    const { runs, failures } = await interleave(systems, 1, (system) => {
      bench.say(`memory ${concurrency}: ${system.name}`);
      return measure(bench, system, concurrency);
    });
    for (const [{ name }, [mb]] of runs) {
      const figures = { idleMb: figure([mb?.idle ?? Number.NaN]), busyMb: figure([mb?.busy ?? Number.NaN]) };
      rows.push({ labels: { case: `concurrency ${concurrency}`, system: name }, figures });
    }
    notes.push(...failures.map(({ who, message }) => `${concurrency}, ${who}: ${message}`));
  }
  return [{ workload: 'memory', title: 'Resident memory', labels: ['case', 'system'], columns: COLUMNS, rows, notes }];
}

async function measure({ server }: Bench, system: System, concurrency: number) {
  const { socket, tcp } = server;
  const queue = 'bench0';
  await server.flush();
  const producer = await system.books.open(socket);
  await producer.fill(queue, { name: 'Noop', args: [1] }, 1);
  const worker = new Worker(system, { socket, tcp, queues: [queue], concurrency });
  try {
    const isUp = async () => worker.ready && (await server.integer(system.books.done(queue))) >= 1;
    await worker.until('the first job is done', isUp, PATIENCE_MS);
    await sleep(1000);
    const idle = worker.usage().rssBytes / 1e6;
    await producer.fill(queue, { name: 'Timer', args: [SLEEP_MS] }, concurrency);
    const allRun = async () => (await server.integer(system.books.waiting(queue))) === 0;
    await worker.until('all jobs run', allRun, PATIENCE_MS);
    await sleep(1000);
    return { idle, busy: worker.usage().rssBytes / 1e6 };
  } finally {
    await worker.end('SIGKILL');
    await producer.close();
  }
}
