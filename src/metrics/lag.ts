/** Measures how late the event loop runs a timer: jobs that compute delay everything else in the process. */
import type { Service } from '../service.js';
import type { Histogram } from './histogram.js';

const EVERY_MS = 100;

export class LagSampler implements Service {
  readonly name = 'lag';
  readonly #lag: Histogram;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;

  constructor(lag: Histogram) {
    this.#lag = lag;
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#due = performance.now() + EVERY_MS;
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
    // It does not keep the process alive.
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sample(): void {
    const now = performance.now();
    this.#lag.observe(Math.max(0, now - this.#due) / 1000);
    this.#due = now + EVERY_MS;
  }
}
