/**
 * Runs what is in quarantine: as long as something is, one child works that does nothing else, one job at a time. It ends
 * by itself when nothing is left.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSlot } from './child-slot.js';

export interface QuarantineOptions {
  /** Whether a job waits in the quarantine of a queue of ours. Rejects where Redis cannot be asked. */
  readonly isOccupied: () => Promise<boolean>;
  /** Starts the child, and replaces one that dies; `over` resolves when it has ended in order. */
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

  /** Looks now, and again and again, since others put jobs there too. */
  start(): void {
    if (this.#options.stopped.aborted) return;
    this.#timer = setInterval(() => void this.look(), this.#options.intervalMs);
    void this.look();
  }

  /** Its child is there. */
  get isOpen(): boolean {
    return this.#slot !== undefined;
  }

  /** Something may be there. Resolves when nothing is any more, or with the stop. */
  look(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Nobody else works any more: resolves when what is left there is done, or with the stop. */
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

  /** The child ends its job, and the next one loads the job modules anew. */
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
