/**
 * Keeps the index of failures up while somebody looks at failures, at a bounded cost: at most twenty reads a second, a quarter
 * of the time. Nobody looks: nothing is read. Nobody has looked for half an hour: its memory is released.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureIndex, StepResult } from './index.js';

const WANTED_FOR_MS = 15_000;
const KEPT_FOR_MS = 30 * 60_000;
/** A page does not wait longer for a Redis that does not answer. */
const PATIENCE_MS = 1500;
const BETWEEN_READS_MS = 50;
/** At once, where somebody looks after a rest. */
const FIRST_ENTRIES = 2000;
const FIRST_MS = 400;
const BETWEEN_LOOKS_MS = 2000;
const BETWEEN_PROBES_MS = 20_000;

export class IndexKeeper {
  readonly #index: FailureIndex;
  readonly #closed = new AbortController();
  #wantedAt = 0;
  #probedAt = performance.now();
  #loop: Promise<void> | undefined;
  #first: Promise<void> | undefined;
  #release: NodeJS.Timeout | undefined;
  #problem: string | undefined;
  #readAt: number | undefined;

  constructor(index: FailureIndex) {
    this.#index = index;
  }

  /** Why it could not be kept up at its last read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** When it was last read without an error. Milliseconds. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  /** Somebody looks. Resolves when the newest entries are known, at once where they are, or when that takes too long. */
  async want(): Promise<void> {
    this.#wantedAt = performance.now();
    clearTimeout(this.#release);
    this.#loop ??= this.#keepUp().finally(() => {
      this.#loop = undefined;
    });
    await Promise.race([this.#first, sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  /** After an action of our own: what it took is gone from the next page that is shown. */
  async refresh(): Promise<void> {
    await this.want();
    await this.#step();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#release);
    await this.#loop;
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#closed;
    this.#first = this.#readFirst();
    await this.#first;
    let result: StepResult;
    while (!signal.aborted && performance.now() - this.#wantedAt < WANTED_FOR_MS) {
      const started = performance.now();
      result = await this.#step();
      if (result === 'idle' && started - this.#probedAt > BETWEEN_PROBES_MS) await this.#probe();
      const tookMs = performance.now() - started;
      const rest = result === 'more' ? Math.max(BETWEEN_READS_MS, 3 * tookMs) : BETWEEN_LOOKS_MS;
      await sleep(rest, undefined, { signal, ref: false }).catch(() => {});
    }
    if (signal.aborted) return;
    this.#release = setTimeout(() => this.#index.forget(), KEPT_FOR_MS);
    this.#release.unref();
  }

  async #readFirst(): Promise<void> {
    const until = performance.now() + FIRST_MS;
    const { table } = this.#index;
    while ((await this.#step()) === 'more' && table.size < FIRST_ENTRIES && performance.now() < until);
  }

  #stepping: Promise<StepResult> | undefined;

  /** One at a time. */
  #step(): Promise<StepResult> {
    this.#stepping ??= this.#tryStep().finally(() => {
      this.#stepping = undefined;
    });
    return this.#stepping;
  }

  async #tryStep(): Promise<StepResult> {
    try {
      const result = await this.#index.step();
      this.#problem = undefined;
      this.#readAt = Date.now();
      return result;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      return 'checked';
    }
  }

  async #probe(): Promise<void> {
    this.#probedAt = performance.now();
    await this.#index.probe().catch(() => {});
  }
}
