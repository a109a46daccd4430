/** When the loop goes on: a latched wake-up, and how long to hold back after a push. */
import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

export type Reason = 'called' | 'timer' | 'reconsider';

/** A call made while nobody waits is kept for the next wait. */
export class Wake {
  #latched = false;
  #resolve: ((reason: Reason) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  call(): void {
    this.#latched = true;
    this.#end('called');
  }

  /** How long to wait at most may have changed: ends the wait of whoever waits now. */
  reconsider(): void {
    this.#end('reconsider');
  }

  /** @returns 'called', or 'timer' when nobody called for so long. One waits at a time. */
  wait(atMostMs: number): Promise<Reason> {
    if (this.#latched) {
      this.#latched = false;
      return CALLED;
    }
    return new globals.Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#end('timer'), atMostMs);
    });
  }

  #end(reason: Reason): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    clearTimeout(this.#timer);
    if (reason === 'called') this.#latched = false;
    resolve(reason);
  }
}

const CALLED = globals.Promise.resolve<'called'>('called');

const SPREAD_MS = 0.2;

/**
 * How long to hold back after a push before claiming. Every idle process is told of it, one job wants only one of them:
 * with a random wait in [0, N × 0.2 ms] the first comes after about 0.2 ms whatever N is, finds the job, and most of the
 * others find nothing to be told of any more. Pure.
 * @param processes how many processes may be woken, this one included
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function herdDelayMs(processes: number, random: number): number {
  return processes <= 1 ? 0 : random * processes * SPREAD_MS;
}
