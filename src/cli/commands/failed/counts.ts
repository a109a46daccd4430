/** Sums up the results of a retry or a removal, for the report. Pure. */
import type { Brief, Left } from '../../../inspect/failed/select.js';

export interface CountsLine {
  readonly class: string;
  readonly queue: string;
  readonly jobs: number;
}

export interface LeftLine {
  readonly why: string;
  readonly jobs: number;
  /** The first of them. */
  readonly entries: readonly number[];
}

const MOST_ENTRIES = 20;

export class FailedCounts {
  taken = 0;
  readonly #taken = new Map<string, { class: string; queue: string; jobs: number }>();
  readonly #left = new Map<string, { why: string; jobs: number; entries: number[] }>();

  add(taken: readonly Brief[]): void {
    this.taken += taken.length;
    for (const { class: name, queue } of taken) {
      const key = JSON.stringify([name, queue]);
      const line = this.#taken.get(key) ?? { class: name, queue, jobs: 0 };
      line.jobs++;
      this.#taken.set(key, line);
    }
  }

  leave(left: readonly Left[]): void {
    for (const { why, n } of left) {
      const line = this.#left.get(why) ?? { why, jobs: 0, entries: [] };
      line.jobs++;
      if (line.entries.length < MOST_ENTRIES) line.entries.push(n);
      this.#left.set(why, line);
    }
  }

  /** The most frequent first. */
  get lines(): readonly CountsLine[] {
    return [...this.#taken.values()].sort((a, b) => b.jobs - a.jobs);
  }

  get left(): readonly LeftLine[] {
    return [...this.#left.values()].sort((a, b) => b.jobs - a.jobs);
  }
}
