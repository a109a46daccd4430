/** Cases under load for several systems, as one report: speed, cost, and how many times the others' speed ours is. */
import type { BenchJob } from '../books/books.js';
import { type LoadResult, measureLoad, WARM_UP_MS, WINDOW_MS } from '../harness/load.js';
import { figure, ratios } from '../harness/numbers.js';
import { type Interleaved, interleave } from '../harness/rounds.js';
import type { Column, Report, Row } from '../report/report.js';
import type { System } from '../systems/system.js';
import type { Bench } from './workload.js';

export interface LoadCase {
  readonly name: string;
  readonly job: BenchJob;
  readonly concurrency: number;
  readonly queues?: number;
  /** Only so many of them have jobs. */
  readonly filled?: number;
  /** What the worker is told to work; default: these queues. */
  readonly worked?: readonly string[];
  readonly systems: readonly System[];
  /** Most jobs that a second can hold whatever the system, or that the memory of Redis should. */
  readonly most?: number;
  /** Exactly so many jobs, whatever time they take. */
  readonly fixed?: number;
  readonly rounds: number;
}

/** Something that is measured beside the systems and gives a speed only: the limit. */
export interface Beside {
  readonly name: string;
  run(load: LoadCase): Promise<number>;
}

type Result = Pick<LoadResult, 'perSecond'> & Partial<LoadResult>;

const COLUMNS: readonly Column[] = [
  { key: 'perSecond', title: 'jobs/s' },
  { key: 'ratio', title: 'first ÷ this', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs/job', digits: 1 },
  { key: 'redisCpuUs', title: 'Redis CPU µs/job', digits: 1 },
  { key: 'calls', title: 'calls/job', digits: 3 },
];

export async function loadReport(
  bench: Bench,
  about: Pick<Report, 'workload' | 'title'>,
  cases: readonly LoadCase[],
  beside: readonly Beside[] = [],
): Promise<Report> {
  const rows: Row[] = [];
  const alone = cases.every(({ systems }) => systems.length + beside.length === 1);
  const notes = alone ? [] : ['first ÷ this: pairwise within each round; median (min–max) of the rounds'];
  for (const load of cases) {
    const run = (who: System | Beside) => {
      bench.say(`${about.workload} ${load.name}: ${who.name}`);
      return runOne(bench, load, who);
    };
    const done: Interleaved<System | Beside, Result> = await interleave([...load.systems, ...beside], load.rounds, run);
    rows.push(...rowsOf(load.name, done));
    notes.push(...done.failures.map(({ who, message }) => `${load.name}, ${who}: ${message}`));
  }
  return { ...about, labels: ['case', 'system'], columns: COLUMNS, rows, notes };
}

async function runOne(bench: Bench, load: LoadCase, who: System | Beside): Promise<Result> {
  if (!('books' in who)) return { perSecond: await who.run(load) };
  const { job, concurrency, filled, worked } = load;
  const optional = { ...(filled ? { filled } : {}), ...(worked ? { worked } : {}) };
  const jobs = jobsFor(bench, load, who);
  return await measureLoad(bench.server, who, {
    job,
    concurrency,
    jobs,
    queues: load.queues ?? 1,
    ...optional,
  });
}

/** Enough for warm-up and window, and somewhat more. */
function jobsFor(bench: Bench, { concurrency, fixed, most = Infinity }: LoadCase, system: System): number {
  if (fixed !== undefined) return fixed;
  const time = ((WARM_UP_MS + WINDOW_MS) / 1000) * 1.3;
  // Whoever fills its slots one by one works many jobs before it is measured.
  const wanted = Math.ceil(Math.min(system.guess(concurrency) * time, system.announces ? most * 3 : most));
  return Math.min(wanted, bench.jobs ?? wanted);
}

function rowsOf(name: string, { runs }: Interleaved<System | Beside, Result>): Row[] {
  const [ours] = runs.values();
  const speeds = (results: readonly (Result | undefined)[]) => results.map((result) => result?.perSecond);
  return [...runs].map(([who, results]) => {
    const of = (key: keyof Result) => figure(results.map((result) => result?.[key] ?? Number.NaN));
    return {
      labels: { case: name, system: who.name },
      figures: {
        perSecond: of('perSecond'),
        ratio: results === ours ? undefined : figure(ratios(speeds(ours), speeds(results))),
        cpuUs: of('cpuUs'),
        redisCpuUs: of('redisCpuUs'),
        calls: of('calls'),
      },
    };
  });
}
