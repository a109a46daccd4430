/**
 * Engine events → counts, in the process that runs the jobs. It counts an outcome when Redis has counted it, not when
 * the job ends, so that the sums agree whatever happens in between. Runs for each job: nothing is made but at a class'
 * first job. Knows neither Redis nor the metrics library.
 */
import type { EngineEvents } from '../engine/events.js';
import type { Run } from '../engine/run.js';
import { enqueuedAt } from '../inspect/enqueued.js';
import type { Claim, Outcome } from '../job.js';
import type { Counts, JobCounts } from './counts.js';
import { DURATION_BOUNDS, LAG_BOUNDS, UNKNOWN, WAIT_BOUNDS } from './families.js';
import type { Measured, Meter } from './meter.js';
import { Counted, type Tally } from './tally.js';

/**
 * Looking for the time of enqueueing costs as much as everything else here. Where so many jobs of a class had none in a
 * row, only one in so many is looked at, until one has.
 */
const [UNTIMED, LOOK_EVERY] = [32, 16];

const NONE: Readonly<Record<Outcome['kind'], number>> = { done: 0, failed: 0, requeue: 0, retry: 0, discarded: 0 };

class Series {
  /** Jobs in a row whose payload did not say when they were enqueued. */
  #untimed = 0;
  readonly outcomes = { ...NONE };
  readonly duration = new Counted(DURATION_BOUNDS);
  readonly queue: string;
  readonly class: string;

  constructor(queue: string, className: string) {
    this.queue = queue;
    this.class = className;
  }

  /** Milliseconds since the epoch. */
  enqueuedAt(payload: Buffer): number | undefined {
    if (this.#untimed++ >= UNTIMED && this.#untimed % LOOK_EVERY !== 0) return undefined;
    const at = enqueuedAt(payload);
    if (at !== undefined) this.#untimed = 0;
    return at;
  }

  drain(): JobCounts | undefined {
    const { done, failed, requeue: requeued, retry: retried, discarded } = this.outcomes;
    if (done + failed + requeued + retried + discarded === 0) return undefined;
    Object.assign(this.outcomes, NONE);
    const outcomes = { done, failed, requeued, retried, discarded };
    return { queue: this.queue, class: this.class, ...outcomes, duration: this.duration.drain() };
  }
}

/** A job that has ended and waits in its slot until Redis has its outcome: one for each slot, used again and again. */
class Ended {
  series: Series | undefined;
  seconds = 0;
  waited: number | undefined;
}

export class Recorder implements Meter {
  readonly lag = new Counted(LAG_BOUNDS);
  #measured: Measured = { classes: [], slots: 0, busy: () => 0 };
  #classes: ReadonlySet<string> = new Set();
  /** By queue, then class. The engine claims from the configured queues only. */
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #waits = new Map<string, Counted>();
  readonly #ended: Ended[] = [];
  readonly #calls = { exchanges: 0, emptyClaims: 0, fenced: 0, reconnects: 0 };

  listen(events: EngineEvents, measured: Measured): void {
    this.#measured = measured;
    this.#classes = new Set(measured.classes);
    const calls = this.#calls;
    events
      .on('finished', (run) => this.#finished(run))
      .on('acked', (claim, outcome) => this.#acked(claim, outcome))
      .on('called', (asked, claimed) => {
        calls.exchanges++;
        if (asked > 0 && claimed === 0) calls.emptyClaims++;
      })
      .on('fenced', (claim) => {
        calls.fenced++;
        this.#forget(claim);
      });
  }

  reconnected(): void {
    this.#calls.reconnects++;
  }

  /** What was counted since the last call, and how things stand. */
  drain(): Counts {
    const calls = { ...this.#calls };
    Object.assign(this.#calls, { exchanges: 0, emptyClaims: 0, fenced: 0, reconnects: 0 });
    return {
      ...calls,
      jobs: [...this.#series.values()].flatMap((some) => [...some.values()].flatMap((series) => series.drain() ?? [])),
      waits: [...this.#waits].flatMap(([queue, counted]) => waitOf(queue, counted.drain())),
      lag: this.lag.drain(),
      slots: this.#measured.slots,
      busy: this.#measured.busy(),
      rssBytes: process.memoryUsage.rss(),
    };
  }

  #finished(run: Run): void {
    const { slot, queue, payload } = run.claim;
    this.#ended[slot] ??= new Ended();
    const ended = this.#ended[slot];
    const series = this.#seriesOf(queue, run.class);
    ended.series = series;
    // The clock may have been set back meanwhile.
    ended.seconds = Math.max(0, Date.now() - run.startedAt) / 1000;
    const since = series.enqueuedAt(payload);
    ended.waited = since === undefined ? undefined : Math.max(0, (run.startedAt - since) / 1000);
  }

  /** One that never ran here (handed back as soon as it came) has nothing to count. */
  #acked({ slot, queue }: Claim, { kind }: Outcome): void {
    const ended = this.#ended[slot];
    const series = ended?.series;
    if (series === undefined) return;
    ended.series = undefined;
    series.outcomes[kind]++;
    if (kind !== 'requeue') series.duration.observe(ended.seconds);
    if (ended.waited !== undefined) this.#waitsOf(queue).observe(ended.waited);
  }

  #forget({ slot }: Claim): void {
    const ended = this.#ended[slot];
    if (ended !== undefined) ended.series = undefined;
  }

  #seriesOf(queue: string, given: string): Series {
    const className = this.#classes.has(given) ? given : UNKNOWN;
    let some = this.#series.get(queue);
    if (some === undefined) {
      some = new Map();
      this.#series.set(queue, some);
    }
    let series = some.get(className);
    if (series === undefined) {
      series = new Series(queue, className);
      some.set(className, series);
    }
    return series;
  }

  #waitsOf(queue: string): Counted {
    let counted = this.#waits.get(queue);
    if (counted === undefined) {
      counted = new Counted(WAIT_BOUNDS);
      this.#waits.set(queue, counted);
    }
    return counted;
  }
}

function waitOf(queue: string, wait: Tally | undefined): Counts['waits'] {
  return wait === undefined ? [] : [{ queue, wait }];
}
