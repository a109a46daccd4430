/**
 * Running one job alone: it waits for the others of this process to end, runs with nothing beside it, and then all is
 * as before. Where they do not end it gives its turn to another process, works on, and tries again later, for longer
 * each time. Holds what the engine knows of that; who has the turn among all processes is the store's matter. Pure:
 * times are handed in, in milliseconds.
 */
import type { Claim } from '../job.js';
import type { Company, Exchanged } from './interfaces.js';
import type { Run } from './run.js';

/** Most jobs end within it; doubled each time they did not, so that at last it is longer than the longest. */
const FIRST_PATIENCE_MS = 30_000;
/** So many times its patience it claims as ever before it tries again. */
const REST = 3;
/** Well before the turn expires. */
const RENEW_MS = 5000;
/** What runs alone for longer needs the turn no more: others may make room for others. */
const KEEP_MS = 10_000;

export class Solo {
  readonly #firstPatienceMs: number;
  #run: Run | undefined;
  #runsSince = 0;
  /** The turn was ours at the last exchange. */
  #held = false;
  #heldSince = 0;
  #patienceMs: number;
  /** We do not want the turn before; 0: at any time. */
  #restsUntil = 0;

  constructor(firstPatienceMs = FIRST_PATIENCE_MS) {
    this.#firstPatienceMs = firstPatienceMs;
    this.#patienceMs = firstPatienceMs;
  }

  /** The turn was ours at the last exchange. */
  get holdsTurn(): boolean {
    return this.#held;
  }

  /** When the store is to be asked again at the latest: the turn expires where it is not renewed. */
  nextLookMs(now: number): number {
    if (!this.#held) return this.#restsUntil > 0 ? Math.max(0, this.#restsUntil - now) : Number.POSITIVE_INFINITY;
    const leftMs = this.#heldSince + this.#patienceMs - now;
    return this.#run === undefined && leftMs > 0 ? Math.min(leftMs, RENEW_MS) : RENEW_MS;
  }

  /** Whether anything may be claimed, while so many jobs run. */
  allowsClaiming(busy: number, now: number): boolean {
    return this.#run === undefined && (!this.#held || busy === 0 || this.#isOver(now));
  }

  /** Whether the job of this claim may run: one that was adopted after an outage may not fit to what runs now. */
  admits(claim: Claim, busy: number): boolean {
    return this.#run === undefined && (claim.alone !== true || busy === 0);
  }

  /** @param claiming whether we claim at all: who stops or pauses gives the turn away, unless its job runs */
  turn(claiming: boolean, now: number): Company['turn'] {
    if (now >= this.#restsUntil) this.#restsUntil = 0;
    if (!this.#held) return this.#restsUntil > 0 ? 'release' : 'none';
    if (this.#run !== undefined) return now - this.#runsSince < KEEP_MS ? 'keep' : 'release';
    return claiming && !this.#isOver(now) ? 'keep' : 'release';
  }

  /** @returns what changed, if anything: the turn became ours, or we gave it away in vain */
  told(waits: Exchanged['waitsAlone'], now: number): 'began' | 'gave up' | undefined {
    const before = this.#held;
    this.#held = waits === 'here';
    if (this.#held === before) return undefined;
    if (this.#held) {
      this.#heldSince = now;
      return 'began';
    }
    if (this.#run !== undefined || !this.#isOver(now)) return undefined;
    this.#restsUntil = now + REST * this.#patienceMs;
    this.#patienceMs *= 2;
    return 'gave up';
  }

  began(run: Run, now: number): void {
    if (!run.claim.alone) return;
    this.#run = run;
    this.#runsSince = now;
    this.#patienceMs = this.#firstPatienceMs;
    this.#restsUntil = 0;
  }

  ended(run: Run): void {
    if (this.#run === run) this.#run = undefined;
  }

  /** We have waited for our jobs to end for as long as we meant to. */
  #isOver(now: number): boolean {
    return now - this.#heldSince >= this.#patienceMs;
  }
}
