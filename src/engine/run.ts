/**
 * One claim on its way to an outcome: the state of a job that runs lives here and nowhere else. The first outcome
 * wins, so a job that was put back or failed from outside may still end later and changes nothing.
 */
import * as globals from '../globals.js';
import type { Claim, Outcome } from '../job.js';
import { asJobError, isCausedBy } from '../thrown.js';
import type { Judge } from './interfaces.js';

const DONE: Outcome = { kind: 'done' };
const REQUEUE: Outcome = { kind: 'requeue' };

export class Run {
  readonly claim: Claim;
  /** Counts the claims of this process. */
  readonly order: number;
  /** The job's class; '' until the payload is decoded. */
  class = '';
  /** Milliseconds since the epoch. */
  readonly startedAt = globals.Date.now();
  #onSettled: (run: Run, outcome: Outcome) => void;
  readonly #judge: Judge | undefined;
  #settled = false;
  #abortReason: Error | undefined;
  #controller: AbortController | undefined;
  #atEnd: (() => void) | undefined;

  /** @param judge absent: what fails goes to `failed` */
  constructor(claim: Claim, order: number, onSettled: (run: Run, outcome: Outcome) => void, judge?: Judge) {
    this.#judge = judge;
    this.claim = claim;
    this.order = order;
    this.#onSettled = onSettled;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Made when first read: most jobs never ask. */
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

  /** Asks the job to end: its signal aborts. A rejection that follows from it puts the job back. */
  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  /**
   * The job's time is over: this run has failed, its slot is free, its signal aborts. What it does afterwards changes nothing.
   */
  expire(error: Error): void {
    if (this.#settled) return;
    this.settle(this.#judged(error));
    this.abort(error);
  }

  /** The job failed with what was thrown; after an abort, an error that the abort caused puts it back instead. */
  fail(thrown: unknown): void {
    if (this.#abortReason !== undefined && isCausedBy(thrown, this.#abortReason)) this.settle(REQUEUE);
    else this.settle(this.#judged(thrown));
  }

  #judged(thrown: unknown): Outcome {
    const error = asJobError(thrown);
    return this.#settled || this.#judge === undefined ? { kind: 'failed', error } : this.#judge(this, thrown, error);
  }

  /** Is called when the run has an outcome, whichever. One listener. */
  onEnd(listener: () => void): void {
    this.#atEnd = listener;
  }

  putBack(): void {
    this.settle(REQUEUE);
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
