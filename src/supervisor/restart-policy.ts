/** Whether a child that died is replaced, how soon, and when the supervisor gives up. Times are of a monotonic clock. */

const FIRST_MS = 50;
const LONGEST_MS = 30_000;
/** A child that lived so long has shown that it can: the next death is a first one again. */
const PROVEN_MS = 60_000;
const GIVE_UP_DEATHS = 10;
const GIVE_UP_WITHIN_MS = 60_000;

/** What becomes of a slot whose child has left. */
export interface RestartDecision {
  readonly restart: boolean;
  readonly afterMs: number;
}

export const NO_RESTART: RestartDecision = { restart: false, afterMs: 0 };

/** What is remembered of the children that were in one slot. */
export interface SlotHistory {
  /** How many died in a row. */
  deaths: number;
  /** One of them has worked: what keeps another from starting is new. */
  proven: boolean;
}

/**
 * @param deaths how many in a row, this one included
 * @returns milliseconds: none at the first, then doubling from 50 ms to 30 s
 */
export function restartDelayMs(deaths: number): number {
  return deaths <= 1 ? 0 : Math.min(FIRST_MS * 2 ** (deaths - 2), LONGEST_MS);
}

/** @param livedMs how long the child had lived */
export function countDeath(deathsBefore: number, livedMs: number): number {
  return livedMs >= PROVEN_MS ? 1 : deathsBefore + 1;
}

/** The deaths of all children: too many within a minute, and something is wrong that another child does not cure. */
export class RecentDeaths {
  #times: number[] = [];

  get count(): number {
    return this.#times.length;
  }

  add(now: number): void {
    this.#times = [...this.#times.filter((time) => now - time < GIVE_UP_WITHIN_MS), now];
  }

  get tooMany(): boolean {
    return this.#times.length >= GIVE_UP_DEATHS;
  }
}
