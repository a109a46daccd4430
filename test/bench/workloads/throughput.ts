/** No-op jobs, as many as go: at several concurrencies, beside the limit that Redis itself sets. */

import { resqueBooks } from '../books/resque.js';
import type { Report } from '../report/report.js';
import { limitRate } from '../systems/limit.js';
import { type Beside, type LoadCase, loadReport } from './loads.js';
import type { Bench } from './workload.js';

export const NOOP = { name: 'Noop', args: [1] } as const;

export async function throughput(bench: Bench): Promise<Report[]> {
  const { field, rounds, quick } = bench;
  const about = { workload: 'throughput', title: 'No-op jobs, one process' };
  const concurrencies = quick ? [25] : [1, 25, 100, 1000];
  const cases = concurrencies.map((c): LoadCase => caseOf(c, field.single, rounds));
  const reports = [await loadReport(bench, about, cases, quick ? [] : [limit(bench)])];
  if (field.allCores.length === 0) return reports;
  const all = { workload: 'throughput-all-cores', title: 'No-op jobs, all cores' };
  return [...reports, await loadReport(bench, all, [caseOf(25, field.allCores, rounds)])];
}

function caseOf(concurrency: number, systems: LoadCase['systems'], rounds: number): LoadCase {
  return { name: `concurrency ${concurrency}`, job: NOOP, concurrency, systems, rounds };
}

/** The same writes for each job in one loop on the server. */
function limit({ server, jobs }: Bench): Beside {
  return {
    name: 'Redis alone (limit)',
    async run({ job }) {
      const count = Math.min(300_000, jobs ?? 300_000);
      await server.flush();
      const producer = await resqueBooks.open(server.socket);
      await producer.fill('limit', job, count);
      await producer.close();
      return await limitRate(server, 'limit', count);
    },
  };
}
