/** Jobs that compute for about a millisecond: what is left of the core for them? */
import { figure } from '../harness/numbers.js';
import { hash } from '../jobs/bench.js';
import type { Report } from '../report/report.js';
import type { System } from '../systems/system.js';
import { type LoadCase, loadReport } from './loads.js';
import type { Bench } from './workload.js';

export async function cpu(bench: Bench): Promise<Report[]> {
  const times = hashesInAMillisecond();
  const { single, allCores } = bench.field;
  const caseOf = (name: string, systems: readonly System[]): LoadCase => ({
    name,
    job: { name: 'Cpu', args: [times] },
    concurrency: 25,
    systems,
    most: 10_000,
    rounds: bench.fewRounds,
  });
  const cases = [
    caseOf(
      'one process',
      single.filter((system) => !system.external),
    ),
  ];
  if (allCores.length > 0) cases.push(caseOf('all cores', allCores));
  const title = `Jobs that hash for 1 ms (${times} times SHA-256), concurrency 25 (at most 1,000 jobs/s in a process)`;
  return [await loadReport(bench, { workload: 'cpu', title }, cases)];
}

/** By CPU time, since the machine is in use; after the compiler has seen it. The same number for every system. */
function hashesInAMillisecond(): number {
  const TIMES = 5000;
  const each = Array.from({ length: 15 }, () => {
    const before = process.cpuUsage();
    hash(TIMES);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / TIMES;
  });
  return Math.max(1, Math.round(1 / (figure(each.slice(5))?.median ?? 1)));
}
