/** A latched wake-up: a call made while nobody waits is kept for the next wait. The engine's only timer. */
export class Wake {
  #latched = false;
  #resolve: ((reason: 'called' | 'timer') => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  call(): void {
    this.#latched = true;
    this.#end('called');
  }

  /** @returns 'called', or 'timer' when nobody called for so long. One waits at a time. */
  wait(atMostMs: number): Promise<'called' | 'timer'> {
    if (this.#latched) {
      this.#latched = false;
      return CALLED;
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#end('timer'), atMostMs);
    });
  }

  #end(reason: 'called' | 'timer'): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    clearTimeout(this.#timer);
    this.#latched = false;
    resolve(reason);
  }
}

const CALLED = Promise.resolve<'called'>('called');
