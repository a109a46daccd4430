/** Wakes the loop: a latched wake-up, and the delay after a push. */
import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

export type Reason = 'called' | 'timer' | 'reconsider';

/** A call made without a waiter is kept for the next wait. */
export class Wake {
  #latched = false;
  #resolve: ((reason: Reason) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  call(): void {
    this.#latched = true;
    this.#end('called');
  }

  /** Ends the current wait, since its time limit may have changed. */
  reconsider(): void {
    this.#end('reconsider');
  }

  /** @returns 'called', or 'timer' after `atMostMs` without a call. For a single waiter */
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
 * The delay after a push before claiming. Every idle process is notified of it, but one job needs only one of them.
 * With a random delay in [0, N × 0.2 ms] the first process comes after about 0.2 ms for any N and takes the job; most
 * of the others do not need to call any more. Pure.
 * @param processes how many processes may be woken, this one included
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function herdDelayMs(processes: number, random: number): number {
  return processes <= 1 ? 0 : random * processes * SPREAD_MS;
}
