/** Jobs that compute for about a millisecond: what is left of the core for them? */
import { hash, nowMs } from '../jobs/bench.js';
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
    rounds: Math.min(bench.rounds, 2),
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

/** The best of several: a busy machine makes the others slower, not faster. */
function hashesInAMillisecond(): number {
  const each = Array.from({ length: 20 }, () => {
    const begun = nowMs();
    hash(1000);
    return (nowMs() - begun) / 1000;
  });
  return Math.max(1, Math.round(1 / Math.min(...each)));
}
