/** No-op jobs that declare `retry` and never need it, beside the same jobs without. */
import type { Report } from '../report/report.js';
import { tsworker, tsworkerWith } from '../systems/tsworker.js';
import { type LoadCase, loadReport } from './loads.js';
import { NOOP } from './throughput.js';
import type { Bench } from './workload.js';

export async function retry(bench: Bench): Promise<Report[]> {
  const systems = [tsworker, tsworkerWith('tsworker, -retry=5', ['-retry=5'])];
  const cases = [25, 100].map(
    (concurrency): LoadCase => ({
      ...{ name: `concurrency ${concurrency}`, job: NOOP, concurrency, systems, rounds: bench.rounds },
    }),
  );
  return [await loadReport(bench, { workload: 'retry', title: 'Retry declared and never needed' }, cases)];
}
