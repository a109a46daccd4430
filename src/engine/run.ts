/**
 * One claim until its outcome: the only place with the state of a running job. The first outcome wins: a job that was
 * requeued or failed from outside may end later, without effect.
 */
import * as globals from '../globals.js';
import type { Claim, Outcome } from '../job.js';
import { asJobError, type CaughtError, isCausedBy } from '../thrown.js';

/** Decides the outcome of a failed job. */
export type Judge = (run: Run, thrown: unknown, error: CaughtError) => Outcome;

const DONE: Outcome = { kind: 'done' };
const REQUEUE: Outcome = { kind: 'requeue' };

export class Run {
  readonly claim: Claim;
  /** Number of the claim in this process, ascending. */
  readonly order: number;
  /** The job's class; '' until the payload is decoded. */
  class = '';
  /** Milliseconds since the epoch. */
  readonly startedAt = globals.Date.now();
  #onSettled: (run: Run, outcome: Outcome) => void;
  readonly #judge: Judge | undefined;
  #settled = false;
  #abortReason: Error | undefined;
  #cancelled: Outcome | undefined;
  #controller: AbortController | undefined;
  #atEnd: (() => void) | undefined;

  /** @param judge default: a failed job goes to `failed` */
  constructor(claim: Claim, order: number, onSettled: (run: Run, outcome: Outcome) => void, judge?: Judge) {
    this.#judge = judge;
    this.claim = claim;
    this.order = order;
    this.#onSettled = onSettled;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Created at the first access: most jobs do not use it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new globals.AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** Runs the function to its outcome. Never throws. */
  perform(fn: (run: Run) => unknown): void {
    try {
      const result = fn(this);
      if (isThenable(result)) result.then(this.#done, this.#failed);
      else this.settle(DONE);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Aborts the job's signal. If the job rejects because of that, it is requeued. */
  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  /** Cancelled from outside: aborts the job's signal. From now on the job either succeeds or ends with this outcome. */
  cancel(reason: Error, outcome: Outcome): void {
    if (this.#settled) return;
    this.#cancelled ??= outcome;
    this.abort(reason);
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /**
   * The job exceeded its time limit: the run has failed, its slot is free, its signal aborts. What the job does later
   * has no effect.
   */
  expire(error: Error): void {
    if (this.#settled) return;
    this.settle(this.#cancelled ?? this.#judged(error));
    this.abort(error);
  }

  /** The job failed. If the error was caused by the abort, the job is requeued instead. */
  fail(thrown: unknown): void {
    if (this.#cancelled !== undefined) this.settle(this.#cancelled);
    else if (this.#abortReason !== undefined && isCausedBy(thrown, this.#abortReason)) this.settle(REQUEUE);
    else this.settle(this.#judged(thrown));
  }

  #judged(thrown: unknown): Outcome {
    const error = asJobError(thrown);
    return this.#settled || this.#judge === undefined ? { kind: 'failed', error } : this.#judge(this, thrown, error);
  }

  /** Sets the listener for the outcome; there is only one. */
  onEnd(listener: () => void): void {
    this.#atEnd = listener;
  }

  /** Ends it without waiting for the job: requeued, or as it was cancelled. */
  release(): void {
    this.settle(this.#cancelled ?? REQUEUE);
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#atEnd?.();
    this.#onSettled(this, outcome);
  }

  #done = (): void => this.settle(DONE);
  #failed = (thrown: unknown): void => this.fail(thrown);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
