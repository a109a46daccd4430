/**
 * Running one job alone: it waits for the others of this process to end, runs with nothing beside it, and then all is
 * as before. Holds what the engine knows of that; who has the turn among all processes is the store's matter. Pure.
 */
import type { Claim } from '../job.js';
import type { Company, Exchanged } from './ports.js';
import type { Run } from './run.js';

export class Solo {
  #run: Run | undefined;
  /** The turn was ours at the last exchange. */
  #held = false;

  /** The turn expires where it is not renewed. */
  get holdsTurn(): boolean {
    return this.#held;
  }

  /** Whether anything may be claimed, while so many jobs run. */
  allowsClaiming(busy: number): boolean {
    return this.#run === undefined && (!this.#held || busy === 0);
  }

  /** Whether the job of this claim may run: one that was adopted after an outage may not fit to what runs now. */
  admits(claim: Claim, busy: number): boolean {
    return this.#run === undefined && (claim.alone !== true || busy === 0);
  }

  /** @param claiming whether we claim at all: who stops or pauses gives the turn away, unless its job runs */
  turn(claiming: boolean): Company['turn'] {
    if (!this.#held) return 'none';
    return claiming || this.#run !== undefined ? 'keep' : 'release';
  }

  /** @returns true when the turn became ours */
  told(waits: Exchanged['waitsAlone']): boolean {
    const before = this.#held;
    this.#held = waits === 'here';
    return this.#held && !before;
  }

  began(run: Run): void {
    if (run.claim.alone) this.#run = run;
  }

  ended(run: Run): void {
    if (this.#run === run) this.#run = undefined;
  }
}
