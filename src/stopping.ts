/**
 * How the worker stops: quiet (claim no more), then abort (tell the running jobs), then put back (give them up). Two
 * endings, not one: a first signal asks for the first; a second, or the end of the grace, for the others.
 */
import type { Logger } from 'pino';
import type { Engine } from './engine/engine.js';

/** Heroku and others send several signals at once: repeats within this time count as one. */
const SAME_SIGNAL_MS = 1000;
/** From the abort of the jobs' signals until they are given up. */
const LAST_WORD_MS = 2000;
/** How long finishes are held for a Redis that does not answer, once every job has ended. */
const DELIVERY_MS = 10_000;
const LOOK_MS = 100;

export interface StoppingOptions {
  readonly log: Logger;
  /** Milliseconds that running jobs get; 0: no limit. */
  readonly graceMs: number;
  /** Fires when stopping begins: what `signals()` gives. */
  readonly begun: AbortController;
}

export class Stopping {
  readonly #options: StoppingOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #engine: Engine | undefined;
  #firstAt = 0;
  #aborted = false;

  constructor(options: StoppingOptions) {
    this.#options = options;
  }

  /** From now on there are jobs to stop. */
  attach(engine: Engine): void {
    this.#engine = engine;
    if (this.#firstAt > 0) this.#quiet(engine);
  }

  /** @param reason shown in the log: `SIGTERM` */
  request(reason: string): void {
    const now = Date.now();
    if (this.#firstAt === 0) {
      this.#firstAt = now;
      this.#options.log.info({ reason, running: this.#engine?.busy ?? 0 }, 'stopping: no more jobs are claimed');
      if (this.#engine !== undefined) this.#quiet(this.#engine);
      this.#options.begun.abort(new Error(`the worker is stopping (${reason})`));
    } else if (now - this.#firstAt >= SAME_SIGNAL_MS) this.#abort(`second signal (${reason})`);
  }

  /** Everything has ended: no timer may fire any more. */
  done(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #quiet(engine: Engine): void {
    engine.quiet();
    const { graceMs } = this.#options;
    if (graceMs > 0) this.#later(graceMs, () => this.#abort('the grace is over'));
    this.#watchDelivery(engine, 0);
  }

  #abort(reason: string): void {
    const engine = this.#engine;
    if (this.#aborted || engine === undefined) return;
    this.#aborted = true;
    this.#options.log.warn({ reason, running: engine.busy }, 'aborting the running jobs');
    const error = new Error(`the worker stops now: ${reason}`);
    error.name = 'AbortError';
    engine.abort(error);
    this.#later(LAST_WORD_MS, () => {
      if (engine.busy > 0) this.#options.log.warn({ running: engine.busy }, 'giving up the jobs that still run');
      engine.putBackAll();
    });
  }

  /** A Redis that is gone for good must not keep us for ever: what it still shows in our hands is recovered later. */
  #watchDelivery(engine: Engine, waitedMs: number): void {
    if (waitedMs >= DELIVERY_MS) {
      this.#options.log.error({ undelivered: engine.undelivered }, 'Redis does not answer: leaving without reporting');
      engine.giveUp();
      return;
    }
    this.#later(LOOK_MS, () => this.#watchDelivery(engine, engine.busy === 0 ? waitedMs + LOOK_MS : 0));
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}
