/**
 * The totals of all processes since the worker started, and the state of each process. Label values that come from
 * payloads are checked here again: unknown queues and classes are counted under one name.
 */
import { serves } from '../queue-patterns.js';
import type { RecoveryOutcome } from '../registry/recovery/recover.js';
import type { Counts } from './counts.js';
import { DURATION_BOUNDS, type FamilyName, LAG_BOUNDS, UNKNOWN, WAIT_BOUNDS } from './families.js';
import { Histogram, type HistogramCounts } from './histogram.js';

export interface Sample {
  readonly family: FamilyName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramCounts;
}

export type JobOutcome = (typeof OUTCOMES)[number];

export interface RecoveredJob {
  readonly queue: string;
  readonly class: string;
  readonly outcome: RecoveryOutcome;
}

class JobTotals {
  readonly outcomes = { done: 0, failed: 0, requeued: 0, retried: 0, discarded: 0 };
  readonly duration = new Histogram(DURATION_BOUNDS);
}

/** The state of a process at its last report. */
interface Now extends Pick<Counts, 'slots' | 'busy' | 'rssBytes'> {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
}

class ProcessTotals {
  readonly calls = { claimCalls: 0, emptyClaims: 0, fenced: 0, reconnects: 0 };
  readonly lag = new Histogram(LAG_BOUNDS);
  /** By pid: in a reload the new process works while the old one finishes its jobs. Empty: there is none. */
  readonly now = new Map<number, Now>();
}

export class Totals {
  readonly #queues: readonly string[];
  #classes: ReadonlySet<string> = new Set();
  /** By queue, then class. */
  readonly #jobs = new Map<string, Map<string, JobTotals>>();
  readonly #waits = new Map<string, Histogram>();
  readonly #processes = new Map<string, ProcessTotals>();
  readonly #restarts: Map<string, number>;
  readonly #recovered: Record<RecoveryOutcome, number> = { requeued: 0, failed: 0, poison_pill: 0, quarantined: 0 };

  /**
   * @param queues the configured ones, patterns included
   * @param restarts the reasons to replace a process; none for a single process
   */
  constructor(queues: readonly string[], restarts: readonly string[] = []) {
    this.#queues = queues;
    this.#restarts = new Map(restarts.map((reason) => [reason, 0]));
  }

  /** Sets the registered classes. */
  setClasses(classes: readonly string[]): void {
    this.#classes = new Set(classes);
  }

  /** @param process the child slot, not the pid: a replacement continues the series of its predecessor */
  add(process: string, pid: number, counts: Counts, nowMs = performance.now()): void {
    for (const { queue, class: name, duration, ...outcomes } of counts.jobs) {
      const job = this.#job(queue, name);
      for (const outcome of OUTCOMES) job.outcomes[outcome] += outcomes[outcome];
      if (duration !== undefined) job.duration.add(duration);
    }
    for (const { queue, wait } of counts.waits) entry(this.#waits, queue, () => new Histogram(WAIT_BOUNDS)).add(wait);
    const totals = entry(this.#processes, process, () => new ProcessTotals());
    for (const call of CALLS) totals.calls[call] += counts[call];
    if (counts.lag !== undefined) totals.lag.add(counts.lag);
    const { slots, busy, rssBytes } = counts;
    totals.now.set(pid, { slots, busy, rssBytes, at: nowMs });
  }

  /** Outcomes that no process of this worker reported: those of a dead worker's jobs. */
  count(job: { readonly queue: string; readonly class: string }, outcome: JobOutcome, times = 1): void {
    const queue = serves(this.#queues, job.queue) ? job.queue : UNKNOWN;
    const name = this.#classes.has(job.class) ? job.class : UNKNOWN;
    this.#job(queue, name).outcomes[outcome] += times;
  }

  gone(process: string, pid: number): void {
    this.#processes.get(process)?.now.delete(pid);
  }

  restarted(reason: string): void {
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }

  /** A job of a dead worker that this worker recovered. */
  recovered({ outcome, ...job }: RecoveredJob): void {
    this.#recovered[outcome]++;
    this.count(job, outcome === 'requeued' ? 'requeued' : 'failed');
  }

  *samples(nowMs = performance.now()): Generator<Sample> {
    for (const [queue, some] of this.#jobs) for (const [name, job] of some) yield* jobSamples(queue, name, job);
    for (const [queue, histogram] of this.#waits)
      yield { family: 'tsworker_job_wait_seconds', labels: { queue }, value: histogram.counts };
    for (const [process, totals] of this.#processes) yield* processSamples(process, totals, nowMs);
    for (const [reason, value] of this.#restarts)
      yield { family: 'tsworker_child_restarts_total', labels: { reason }, value };
    for (const [outcome, value] of Object.entries(this.#recovered))
      yield { family: 'tsworker_recovered_jobs_total', labels: { outcome }, value };
  }

  #job(queue: string, name: string): JobTotals {
    const some = entry(this.#jobs, queue, () => new Map<string, JobTotals>());
    return entry(some, name, () => new JobTotals());
  }
}

const OUTCOMES = ['done', 'failed', 'requeued', 'retried', 'discarded'] as const;
const CALLS = ['claimCalls', 'emptyClaims', 'fenced', 'reconnects'] as const;

function* jobSamples(queue: string, name: string, { outcomes, duration }: JobTotals): Generator<Sample> {
  const labels = { queue, class: name };
  for (const outcome of OUTCOMES)
    yield { family: 'tsworker_jobs_total', labels: { ...labels, outcome }, value: outcomes[outcome] };
  if (duration.any) yield { family: 'tsworker_job_duration_seconds', labels, value: duration.counts };
}

function* processSamples(process: string, { calls, lag, now }: ProcessTotals, nowMs: number): Generator<Sample> {
  const labels = { process };
  const all = [...now.values()];
  const sum = (key: 'slots' | 'busy' | 'rssBytes') => all.reduce((total, one) => total + one[key], 0);
  yield { family: 'tsworker_redis_reconnects_total', labels, value: calls.reconnects };
  yield { family: 'tsworker_event_loop_lag_seconds', labels, value: lag.counts };
  if (all.length > 0) yield { family: 'tsworker_resident_memory_bytes', labels, value: sum('rssBytes') };
  // The supervisor runs no jobs.
  if (process === SUPERVISOR) return;
  yield { family: 'tsworker_claim_calls_total', labels, value: calls.claimCalls };
  yield { family: 'tsworker_empty_claims_total', labels, value: calls.emptyClaims };
  yield { family: 'tsworker_jobs_fenced_total', labels, value: calls.fenced };
  if (all.length === 0) return;
  yield { family: 'tsworker_slots', labels, value: sum('slots') };
  yield { family: 'tsworker_busy_slots', labels, value: sum('busy') };
  const since = Math.min(nowMs, ...all.map((one) => one.at));
  yield { family: 'tsworker_silent_seconds', labels, value: (nowMs - since) / 1000 };
}

export const SUPERVISOR = 'supervisor';

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
