/**
 * How long to hold back after a push before claiming. Every idle process is told of it, one job wants only one of them:
 * with a random wait in [0, N × 0.2 ms] the first comes after about 0.2 ms whatever N is, finds the job, and most of the
 * others find nothing to be told of any more. Pure.
 */
const SPREAD_MS = 0.2;

/**
 * @param processes how many processes may be woken, this one included
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function herdDelayMs(processes: number, random: number): number {
  return processes <= 1 ? 0 : random * processes * SPREAD_MS;
}
