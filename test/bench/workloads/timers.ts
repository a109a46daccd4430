/** Jobs that wait, as for a database: does the system keep its slots busy? */
import type { Report } from '../report/report.js';
import { type LoadCase, loadReport } from './loads.js';
import type { Bench } from './workload.js';

const CONCURRENCY = 100;

export async function timers(bench: Bench): Promise<Report[]> {
  const systems = bench.field.single.filter((system) => !system.external);
  const cases = [1, 10].map(
    (ms): LoadCase => ({
      name: `${ms} ms`,
      job: { name: 'Timer', args: [ms] },
      concurrency: CONCURRENCY,
      systems,
      most: (CONCURRENCY * 1000 * 3) / ms,
      rounds: bench.fewRounds,
    }),
  );
  const title = `Jobs that wait for a timer, concurrency ${CONCURRENCY} (at most ${CONCURRENCY} jobs at once)`;
  return [await loadReport(bench, { workload: 'timers', title }, cases)];
}
