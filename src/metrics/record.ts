/**
 * Engine events → counts, in the process that runs the jobs. An outcome is counted when Redis has counted it, not
 * when the job ends, so that the sums agree. Hot path: objects are created only at the first job of a class.
 */
import type { EngineEvents } from '../engine/events.js';
import type { Run } from '../engine/run.js';
import { enqueuedAt } from '../inspect/enqueued.js';
import type { Claim, Outcome } from '../job.js';
import type { Counts, JobCounts } from './counts.js';
import { DURATION_BOUNDS, LAG_BOUNDS, UNKNOWN, WAIT_BOUNDS } from './families.js';
import { Histogram, type HistogramCounts } from './histogram.js';
import type { Measured, Meter } from './meter.js';

/**
 * Finding the time of enqueueing costs as much as everything else here. After this many jobs of a class without one, only
 * one in this many is searched, until one has it.
 */
const [UNTIMED, LOOK_EVERY] = [32, 16];

const NONE: Readonly<Record<Outcome['kind'], number>> = { done: 0, failed: 0, requeue: 0, retry: 0, discarded: 0 };

class Series {
  /** Consecutive jobs without a time of enqueueing in the payload. */
  #untimed = 0;
  readonly outcomes = { ...NONE };
  readonly duration = new Histogram(DURATION_BOUNDS);
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

/** A job that has ended, until Redis has its outcome: one object for each slot, reused. */
class EndedJob {
  series: Series | undefined;
  seconds = 0;
  waited: number | undefined;
}

export class Recorder implements Meter {
  readonly lag = new Histogram(LAG_BOUNDS);
  #measured: Measured = { classes: [], slots: 0, busy: () => 0 };
  #classes: ReadonlySet<string> = new Set();
  /** By queue, then class. The engine claims from the configured queues only. */
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #waits = new Map<string, Histogram>();
  readonly #ended: EndedJob[] = [];
  readonly #calls = { claimCalls: 0, emptyClaims: 0, fenced: 0, reconnects: 0 };

  listen(events: EngineEvents, measured: Measured): void {
    this.#measured = measured;
    this.#classes = new Set(measured.classes);
    const calls = this.#calls;
    events
      .on('finished', (run) => this.#finished(run))
      .on('acked', (claim, outcome) => this.#acked(claim, outcome))
      .on('called', (asked, claimed) => {
        calls.claimCalls++;
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

  /** The counts since the last call, and the current state. */
  drain(): Counts {
    const calls = { ...this.#calls };
    Object.assign(this.#calls, { claimCalls: 0, emptyClaims: 0, fenced: 0, reconnects: 0 });
    return {
      ...calls,
      jobs: [...this.#series.values()].flatMap((some) => [...some.values()].flatMap((series) => series.drain() ?? [])),
      waits: [...this.#waits].flatMap(([queue, histogram]) => waitOf(queue, histogram.drain())),
      lag: this.lag.drain(),
      slots: this.#measured.slots,
      busy: this.#measured.busy(),
      rssBytes: process.memoryUsage.rss(),
    };
  }

  #finished(run: Run): void {
    const { slot, queue, payload } = run.claim;
    this.#ended[slot] ??= new EndedJob();
    const ended = this.#ended[slot];
    const series = this.#seriesOf(queue, run.class);
    ended.series = series;
    // The clock may have been set back.
    ended.seconds = Math.max(0, Date.now() - run.startedAt) / 1000;
    const since = series.enqueuedAt(payload);
    ended.waited = since === undefined ? undefined : Math.max(0, (run.startedAt - since) / 1000);
  }

  /** A job that did not run here (requeued at once) is not counted. */
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

  #waitsOf(queue: string): Histogram {
    let histogram = this.#waits.get(queue);
    if (histogram === undefined) {
      histogram = new Histogram(WAIT_BOUNDS);
      this.#waits.set(queue, histogram);
    }
    return histogram;
  }
}

function waitOf(queue: string, wait: HistogramCounts | undefined): Counts['waits'] {
  return wait === undefined ? [] : [{ queue, wait }];
}
