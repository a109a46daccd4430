/** Many idle processes are told of one push: how late is the first of them, and how many come in vain? A simulation. */
import { simulateFleet } from '../fleet/simulate.js';
import { figure, percentile } from '../harness/numbers.js';
import type { Column, Report, Row } from '../report/report.js';
import type { Bench } from './workload.js';

const COLUMNS: readonly Column[] = [
  { key: 'p50', title: 'push to claim, p50 ms', digits: 2 },
  { key: 'p99', title: 'p99 ms', digits: 2 },
  { key: 'perPush', title: 'wasted claims/job', digits: 1 },
  { key: 'perSecond', title: 'wasted claims/s' },
];

export async function fleet(bench: Bench): Promise<Report[]> {
  const rows: Row[] = [];
  for (const pushesPerSecond of [1, 100, 1000]) {
    for (const processes of [1, 10, 100, 1000, 10_000]) {
      bench.say(`fleet: ${processes} processes`);
      rows.push(rowOf(processes, pushesPerSecond));
    }
  }
  const title = 'A fleet of idle processes, simulated with the real jitter (src/engine/herd.ts)';
  const notes = ['assumed: 50 µs one way, 20 µs for a claim in Redis, 1 µs to tell one process'];
  return [{ workload: 'fleet', title, labels: ['pushes/s', 'processes'], columns: COLUMNS, rows, notes }];
}

function rowOf(processes: number, pushesPerSecond: number): Row {
  // The same numbers every time: a change of the figures is a change of the code.
  const random = seededRandom(processes * 31 + pushesPerSecond);
  const pushes = pushesPerSecond === 1 ? 200 : 2000;
  const { delaysMs, wastedClaims, simulatedMs } = simulateFleet({ processes, pushesPerSecond, pushes, random });
  return {
    labels: { 'pushes/s': String(pushesPerSecond), processes: String(processes) },
    figures: {
      p50: figure([percentile(delaysMs, 50)]),
      p99: figure([percentile(delaysMs, 99)]),
      perPush: figure([wastedClaims / delaysMs.length]),
      perSecond: figure([(wastedClaims * 1000) / simulatedMs]),
    },
  };
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
