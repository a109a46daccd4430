/** How soon a child that died is replaced, and when the supervisor gives up. Pure. */

const FIRST_MS = 50;
const LONGEST_MS = 30_000;
/** A child that lived so long has shown that it can: the next death is a first one again. */
const PROVEN_MS = 60_000;
const GIVE_UP_DEATHS = 10;
const GIVE_UP_WITHIN_MS = 60_000;

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

/** @param times of the deaths of all children, in milliseconds, ascending */
export function shouldGiveUp(times: readonly number[], nowMs: number): boolean {
  return times.filter((time) => nowMs - time < GIVE_UP_WITHIN_MS).length >= GIVE_UP_DEATHS;
}
