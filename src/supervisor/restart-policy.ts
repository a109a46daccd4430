/** Whether a dead child is replaced, how soon, and when the supervisor gives up. Times are of the monotonic clock. */

const FIRST_MS = 50;
const LONGEST_MS = 30_000;
/** After a child has lived this long, the next death counts as the first again. */
const PROVEN_MS = 60_000;
const GIVE_UP_DEATHS = 10;
const GIVE_UP_WITHIN_MS = 60_000;

/** Whether a slot whose child has left starts another one. */
export interface RestartDecision {
  readonly restart: boolean;
  readonly afterMs: number;
}

export const NO_RESTART: RestartDecision = { restart: false, afterMs: 0 };

/** What is known of the children that were in one slot. */
export interface SlotHistory {
  /** Deaths in a row. */
  deaths: number;
  /** A child was ready here: the cause that keeps another one from starting is new. */
  proven: boolean;
}

/**
 * @param deaths deaths in a row, this one included
 * @returns milliseconds: 0 at the first death, then doubling from 50 ms to 30 s
 */
export function restartDelayMs(deaths: number): number {
  return deaths <= 1 ? 0 : Math.min(FIRST_MS * 2 ** (deaths - 2), LONGEST_MS);
}

/** @param livedMs how long the child lived, in milliseconds */
export function countDeath(deathsBefore: number, livedMs: number): number {
  return livedMs >= PROVEN_MS ? 1 : deathsBefore + 1;
}

/** The deaths of all children: too many within a minute mean a problem that a restart does not fix. */
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
