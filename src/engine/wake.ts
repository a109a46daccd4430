/** A latched wake-up: a call made while nobody waits is kept for the next wait. The engine's only timer. */

export type Reason = 'called' | 'timer' | 'reconsider';

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
    return new Promise((resolve) => {
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

const CALLED = Promise.resolve<'called'>('called');
