/** Limits the rate of retries, so that a service that has just recovered is not overloaded. */
import { setTimeout as sleep } from 'node:timers/promises';

const STEPS_A_SECOND = 10;

export class Pace {
  readonly #rate: number | undefined;
  readonly #startedAt = performance.now();
  #taken = 0;

  /** @param rate jobs per second; undefined: unlimited */
  constructor(rate: number | undefined) {
    this.#rate = rate;
  }

  /** How many may be taken now. */
  get step(): number | undefined {
    return this.#rate && Math.max(1, Math.floor(this.#rate / STEPS_A_SECOND));
  }

  /** Resolves when more may be taken, or the run is aborted. */
  async after(taken: number, over: AbortSignal): Promise<void> {
    this.#taken += taken;
    if (this.#rate === undefined || over.aborted) return;
    const dueAt = this.#startedAt + (this.#taken / this.#rate) * 1000;
    await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal: over }).catch(() => {});
  }
}
