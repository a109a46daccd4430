/** How often somebody may try to log in: so many times a minute from one address, and from all together. */

const WINDOW_MS = 60_000;
const OF_ONE = 5;
const OF_ALL = 30;

export class Attempts {
  /** The last minute's, the oldest first: at most {@link OF_ALL}. */
  #made: { readonly at: number; readonly address: string }[] = [];

  /** Counts one, unless there were too many. @returns seconds until it makes sense to try again; 0: it may be tried now */
  begin(address: string, now: number): number {
    this.#made = this.#made.filter(({ at }) => now - at < WINDOW_MS);
    const own = this.#made.filter((one) => one.address === address);
    const until =
      own.length >= OF_ONE ? own[own.length - OF_ONE] : this.#made.length >= OF_ALL ? this.#made[0] : undefined;
    if (until !== undefined) return Math.max(1, Math.ceil((until.at + WINDOW_MS - now) / 1000));
    this.#made.push({ at: now, address });
    return 0;
  }

  /**
   * The last of this address was right and does not count. Those before it do: who has a password of their own could
   * otherwise guess another one without end.
   */
  succeed(address: string): void {
    const last = this.#made.findLastIndex((one) => one.address === address);
    if (last !== -1) this.#made.splice(last, 1);
  }
}
