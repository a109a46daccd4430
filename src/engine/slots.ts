/** Which slots are idle, and what runs in the others. A slot is one Resque worker: one place to run a job. */
import type { Run } from './run.js';

export class Slots {
  readonly #runs: (Run | undefined)[];
  /** Lowest number last, so that it is taken first: a quiet worker uses few slots. */
  readonly #idle: number[];
  #busy = 0;

  constructor(concurrency: number) {
    this.#runs = new Array<Run | undefined>(concurrency).fill(undefined);
    this.#idle = Array.from({ length: concurrency }, (_, i) => concurrency - 1 - i);
  }

  get busy(): number {
    return this.#busy;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** The slots are the caller's until it seats a run in them or gives them back. */
  take(atMost: number): number[] {
    return atMost <= 0 ? [] : this.#idle.splice(-Math.min(atMost, this.#idle.length)).reverse();
  }

  giveBack(slots: readonly number[]): void {
    for (let i = slots.length - 1; i >= 0; i--) this.#idle.push(slots[i]);
  }

  seat(run: Run): void {
    this.#runs[run.claim.slot] = run;
    this.#busy++;
  }

  /** The job in the slot has ended; the slot stays out of use until its finish is delivered. */
  leave(run: Run): void {
    this.#runs[run.claim.slot] = undefined;
    this.#busy--;
  }

  /** The latest claim first: put back in this order, jobs stand in their queue as before. */
  running(): Run[] {
    return this.#runs.filter((run) => run !== undefined).sort((a, b) => b.order - a.order);
  }
}
