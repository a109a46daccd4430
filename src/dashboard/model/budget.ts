/** So many calls to Redis a second and no more, whoever asks for them: later ones wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../redis/connection.js';

export class Budget {
  readonly #everyMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  #next = Number.NEGATIVE_INFINITY;

  /** @param burst calls that may go out at once after a rest */
  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#everyMs = 1000 / perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  /** @returns milliseconds to wait before the call that is taken here */
  take(): number {
    const now = this.#now();
    const at = Math.max(this.#next, now - (this.#burst - 1) * this.#everyMs);
    this.#next = at + this.#everyMs;
    return Math.max(0, at - now);
  }
}

/** The connection as one whose calls keep to the budget. Only `send` is meant to be used of it. */
export function paced(connection: Connection, budget: Budget): Connection {
  return {
    get tracking() {
      return connection.tracking;
    },
    get ready() {
      return connection.ready;
    },
    get clustered() {
      return connection.clustered === true;
    },
    send: async (args, options) => {
      const wait = budget.take();
      if (wait > 0) await sleep(wait, undefined, { ref: false });
      return await connection.send(args, options);
    },
    close: () => connection.close(),
    drop: () => connection.drop(),
    limitSilence: (ms) => connection.limitSilence(ms),
  };
}
