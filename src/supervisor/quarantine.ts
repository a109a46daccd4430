/**
 * Runs the quarantined jobs: while there are any, one child runs them, one at a time. The child exits by itself when
 * none is left.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSlot } from './child-slot.js';

export interface QuarantineOptions {
  /** Whether a job waits in the quarantine of one of the worker's queues. Rejects if Redis does not answer. */
  readonly isOccupied: () => Promise<boolean>;
  /** Starts the child, and replaces it if it dies; `over` resolves when it has ended in order. */
  readonly open: () => { readonly slot: ChildSlot; readonly over: Promise<void> };
  readonly intervalMs: number;
  readonly stopped: AbortSignal;
}

const RETRY_MS = 200;

export class Quarantine {
  readonly #options: QuarantineOptions;
  #slot: ChildSlot | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #isUnknown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QuarantineOptions) {
    this.#options = options;
    options.stopped.addEventListener('abort', () => clearInterval(this.#timer));
  }

  /** Checks now and at each interval, since other processes quarantine jobs too. */
  start(): void {
    if (this.#options.stopped.aborted) return;
    this.#timer = setInterval(() => void this.look(), this.#options.intervalMs);
    void this.look();
  }

  /** The quarantine child exists. */
  get isOpen(): boolean {
    return this.#slot !== undefined;
  }

  /** Checks for quarantined jobs. Resolves when none is left, or at the stop. */
  look(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** To be called when no other child works any more. Resolves when no quarantined job is left, or at the stop. */
  async finish(): Promise<void> {
    const { stopped } = this.#options;
    const stop = new Promise<void>((resolve) => stopped.addEventListener('abort', () => resolve(), { once: true }));
    clearInterval(this.#timer);
    while (!stopped.aborted) {
      await Promise.race([this.look(), stop]);
      if (!this.#isUnknown) return;
      await sleep(RETRY_MS, undefined, { signal: stopped }).catch(() => {});
    }
  }

  /** The child finishes its job, and the next one loads the new job modules. */
  reload(): void {
    void this.#slot?.replace('old-first');
  }

  async #isOccupied(): Promise<boolean> {
    try {
      const occupied = await this.#options.isOccupied();
      this.#isUnknown = false;
      return occupied;
    } catch {
      this.#isUnknown = true;
      return false;
    }
  }

  async #run(): Promise<void> {
    const { open, stopped } = this.#options;
    while (this.#again && !stopped.aborted) {
      this.#again = false;
      if (!(await this.#isOccupied()) || stopped.aborted) continue;
      const { slot, over } = open();
      this.#slot = slot;
      await over;
      this.#slot = undefined;
      this.#again = true;
    }
  }
}
