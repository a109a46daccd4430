/**
 * How the worker shuts down: quiet (claim no more), then abort (cancel the running jobs), then requeue those that did
 * not stop. The first signal starts the first step; a second signal, or the end of -grace, starts the others.
 */

import { clearTimeout, setTimeout } from 'node:timers';
import type { Logger } from 'pino';
import { counted } from '../format.js';
import * as globals from '../globals.js';

/** Heroku and others send several signals at once: repeats within this time count as one. */
const SAME_SIGNAL_MS = 1000;
/** Time from the abort of the jobs' signals until they are requeued, and from then until nothing is waited for. */
const LAST_WORD_MS = 2000;
/** Time that a worker which has not begun to claim jobs gets to finish or cancel its start. */
const START_MS = 1500;
const LOOK_MS = 100;

/** What can be shut down: an engine with its jobs, or a supervisor with its children. */
export interface Stoppable {
  /** How many jobs, or children, have not ended. */
  readonly busy: number;
  /** How many jobs run, if `busy` counts children. */
  countJobs?(): Promise<number>;
  /** How many jobs have ended and could not be reported to Redis. */
  readonly undelivered: number;
  quiet(): void;
  abort(reason: Error): void;
  requeueAll(): void;
  giveUp(): void;
}

export interface ShutdownOptions {
  /** For the shutdown itself. The supervisor of a child logs it for all children. */
  readonly log: Logger;
  /** For requeued jobs: logged by the process that runs them. */
  readonly jobLog: Logger;
  /** How long running jobs may continue, in milliseconds; 0: no limit. */
  readonly graceMs: number;
  /** How long to wait for a Redis that does not answer after all jobs have ended, in milliseconds. */
  readonly deliveryMs: number;
  /** Aborted when the shutdown begins: the signal of `signals()`. */
  readonly begun: AbortController;
}

export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #timers = new globals.Set<NodeJS.Timeout>();
  readonly #over = new AbortController();
  #target: Stoppable | undefined;
  /** Time of the first request, by the monotonic clock. */
  #requestedAt: number | undefined;
  #begun = false;
  /** -grace limits the running jobs. Not for a child that is replaced. */
  #limited = false;
  #aborted = false;
  #delivery: 'not watched' | 'watched' | 'done' = 'not watched';

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /**
   * Aborts when nothing is waited for any more, not even `setup` and `teardown`: after an interrupted start, or after
   * jobs were requeued.
   */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Sets what is to be shut down. To be called before jobs are claimed. */
  attach(target: Stoppable): void {
    this.#target = target;
    if (this.#begun) this.#quiet();
  }

  /** Shuts down without a time limit for running jobs. The next request still counts as the first signal. */
  retire(reason: string): void {
    if (!this.#begun) this.#begin(reason);
  }

  /** Shuts down, once: unlike a second signal, it does not abort a shutdown under way. */
  requestOnce(reason: string): void {
    if (this.#limited) return;
    this.#limited = true;
    this.#begin(reason);
  }

  /** @param reason shown in the log: `SIGTERM` */
  request(reason: string): void {
    const now = globals.now();
    if (this.#requestedAt === undefined) {
      this.#requestedAt = now;
      this.#limited = true;
      this.#begin(reason);
    } else if (now - this.#requestedAt >= SAME_SIGNAL_MS) this.abort(`second signal (${reason})`);
  }

  /** All jobs have ended and were reported to Redis. */
  delivered(): void {
    this.#delivery = 'done';
  }

  /** Everything has ended: clears all timers. */
  done(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Cancels the running jobs, and requeues those that do not stop. */
  abort(reason: string): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#counted((running) =>
      this.#options.log.warn({ reason, running }, `stopping now: cancelling ${counted(running, 'running job')}`),
    );
    const error = new Error(`the worker stops now: ${reason}`);
    error.name = 'AbortError';
    this.#target?.abort(error);
    this.#later(LAST_WORD_MS, () => this.#requeue());
  }

  #begin(reason: string): void {
    const { log, graceMs, begun } = this.#options;
    this.#begun = true;
    const limitMs = this.#limited ? graceMs : 0;
    this.#quiet();
    this.#counted((running) => log.info({ reason, running }, shutdownText(running, limitMs, reason)));
    begun.abort(new Error(`the worker is shutting down (${reason})`));
  }

  /** Calls back with the number of running jobs; at once if they run in this process. */
  #counted(say: (running: number) => void): void {
    const target = this.#target;
    if (target?.countJobs === undefined) say(target?.busy ?? 0);
    else void target.countJobs().then(say);
  }

  #quiet(): void {
    const target = this.#target;
    if (target === undefined) {
      this.#later(START_MS, () => this.#target ?? this.#over.abort());
      return;
    }
    target.quiet();
    const { graceMs } = this.#options;
    if (graceMs > 0 && this.#limited) this.#later(graceMs, () => this.abort('the grace is over'));
    if (this.#delivery === 'not watched') this.#watchDelivery(target, 0);
  }

  #requeue(): void {
    const target = this.#target;
    if (target !== undefined && target.countJobs === undefined && target.busy > 0)
      this.#options.jobLog.warn(
        { running: target.busy },
        `${counted(target.busy, 'job')} did not stop in time: requeued`,
      );
    target?.requeueAll();
    this.#later(LAST_WORD_MS, () => this.#over.abort());
  }

  /** A Redis that is gone must not keep the process alive: another worker recovers the jobs that stay in its record. */
  #watchDelivery(target: Stoppable, waitedMs: number): void {
    if (this.#delivery === 'done') return;
    this.#delivery = 'watched';
    if (waitedMs >= this.#options.deliveryMs) {
      this.#options.log.error(
        { undelivered: target.undelivered },
        'Redis does not answer: leaving without reporting finished jobs',
      );
      target.giveUp();
      return;
    }
    this.#later(LOOK_MS, () => this.#watchDelivery(target, target.busy === 0 ? waitedMs + LOOK_MS : 0));
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}

/** `shutting down: waiting for 3 running jobs (Ctrl-C again to stop now)` */
export function shutdownText(running: number, limitMs: number, reason: string): string {
  if (running === 0) return 'shutting down';
  const limit = limitMs > 0 ? ` for at most ${limitMs / 1000} s` : '';
  const again = reason === 'SIGINT' ? 'Ctrl-C again to stop now' : 'a second signal stops them';
  return `shutting down: waiting for ${counted(running, 'running job')}${limit} (${again})`;
}
