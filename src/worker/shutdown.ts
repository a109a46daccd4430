/**
 * How the worker shuts down: quiet (claim no more), then abort (tell the running jobs), then put back (give them up). Two
 * endings, not one: a first signal asks for the first; a second, or the end of the grace, for the others.
 */

import { clearTimeout, setTimeout } from 'node:timers';
import type { Logger } from 'pino';
import { counted } from '../format.js';
import * as globals from '../globals.js';

/** Heroku and others send several signals at once: repeats within this time count as one. */
const SAME_SIGNAL_MS = 1000;
/** From the abort of the jobs' signals until they are given up; and then, until nothing at all is waited for. */
const LAST_WORD_MS = 2000;
/** What a worker that has not begun to claim is given to finish starting, or to see that it need not. */
const START_MS = 1500;
const LOOK_MS = 100;

/** What can be shut down: an engine with its jobs, or a supervisor with its children. */
export interface Stoppable {
  /** What has not ended: jobs, or children. */
  readonly busy: number;
  /** How many jobs run, where `busy` counts something else: asked of those who run them. */
  countJobs?(): Promise<number>;
  /** What has ended and could not be reported. */
  readonly undelivered: number;
  quiet(): void;
  abort(reason: Error): void;
  putBackAll(): void;
  giveUp(): void;
}

export interface ShutdownOptions {
  /** For the shutdown itself. A child has a supervisor that says it for all. */
  readonly log: Logger;
  /** For what becomes of jobs: who runs them knows. */
  readonly jobLog: Logger;
  /** Milliseconds that running jobs get; 0: no limit. */
  readonly graceMs: number;
  /** How long a Redis that does not answer is waited for, once everything has ended. Milliseconds. */
  readonly deliveryMs: number;
  /** Fires when the shutdown begins: what `signals()` gives. */
  readonly begun: AbortController;
}

export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #timers = new globals.Set<NodeJS.Timeout>();
  readonly #over = new AbortController();
  #target: Stoppable | undefined;
  /** Of the first signal, by a monotonic clock. */
  #requestedAt: number | undefined;
  #begun = false;
  /** The grace applies: not to who is replaced. */
  #limited = false;
  #aborted = false;
  #delivery: 'not watched' | 'watched' | 'done' = 'not watched';

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /**
   * Aborts when nothing is waited for any more, `setup` and `teardown` included: a start that a signal has interrupted,
   * or jobs that were given up, have had their time.
   */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** From now on there are jobs to stop. */
  attach(target: Stoppable): void {
    this.#target = target;
    if (this.#begun) this.#quiet();
  }

  /** Claims no more and lets the running jobs take what time they need. A later request is still the first. */
  retire(reason: string): void {
    if (!this.#begun) this.#begin(reason);
  }

  /** Something failed that no job is to blame for. Unlike a second signal, it hurries nobody who is shutting down already. */
  fault(reason: string): void {
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

  /** The jobs have ended and were reported: what is left is not Redis' business. */
  delivered(): void {
    this.#delivery = 'done';
  }

  /** Everything has ended: no timer may fire any more. */
  done(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Tells the running jobs to end, and gives up those that do not. */
  abort(reason: string): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#counted((running) =>
      this.#options.log.warn({ reason, running }, `stopping now: cancelling ${counted(running, 'running job')}`),
    );
    const error = new Error(`the worker stops now: ${reason}`);
    error.name = 'AbortError';
    this.#target?.abort(error);
    this.#later(LAST_WORD_MS, () => this.#putBack());
  }

  #begin(reason: string): void {
    const { log, graceMs, begun } = this.#options;
    this.#begun = true;
    const limitMs = this.#limited ? graceMs : 0;
    this.#quiet();
    this.#counted((running) => log.info({ reason, running }, shutdownText(running, limitMs, reason)));
    begun.abort(new Error(`the worker is shutting down (${reason})`));
  }

  /** At once where they run here. */
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

  #putBack(): void {
    const target = this.#target;
    if (target !== undefined && target.countJobs === undefined && target.busy > 0)
      this.#options.jobLog.warn(
        { running: target.busy },
        `${counted(target.busy, 'job')} did not stop in time: requeued`,
      );
    target?.putBackAll();
    this.#later(LAST_WORD_MS, () => this.#over.abort());
  }

  /** A Redis that is gone for good must not keep us for ever: what it still shows as ours is recovered later. */
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
