/** No-op jobs with large arguments: parsing, copying, the way through the scripts. */
import type { Report } from '../report/report.js';
import { type LoadCase, loadReport } from './loads.js';
import type { Bench } from './workload.js';

/** The size of the one argument, and most jobs in a run: they all lie in Redis' memory at once. */
const SIZES = [
  { name: '100 B', bytes: 100, most: 1_000_000 },
  { name: '10 kB', bytes: 10_000, most: 30_000 },
  { name: '1 MB', bytes: 1_000_000, most: 200 },
] as const;

export async function payload(bench: Bench): Promise<Report[]> {
  const cases = SIZES.map(
    ({ name, bytes, most }): LoadCase => ({
      name,
      job: { name: 'Noop', args: ['x'.repeat(bytes)] },
      concurrency: 25,
      systems: bench.field.single,
      most,
      rounds: bench.fewRounds,
    }),
  );
  return [await loadReport(bench, { workload: 'payload', title: 'No-op jobs by payload, concurrency 25' }, cases)];
}
