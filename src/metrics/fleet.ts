/**
 * The counts of a supervisor's children, including those of a child that died before its last report. Redis has a counter
 * for each slot, which the registry returns when it removes a dead child; the jobs that the child had not reported are
 * added without a class, so that the sums agree with Redis.
 */
import type { Counts } from './counts.js';
import { UNKNOWN } from './families.js';
import { Totals } from './totals.js';

export class FleetCounts {
  readonly totals: Totals;
  /** By pid: the jobs that the child has reported. */
  readonly #reported = new Map<number, { done: number; failed: number }>();
  readonly #blocked = new Set<number>();

  constructor(queues: readonly string[]) {
    this.totals = new Totals(queues, ['death', 'blocked', 'max-rss', 'reload']);
  }

  counted(place: number, pid: number, counts: Counts): void {
    this.totals.add(nameOf(place), pid, counts);
    const reported = this.#reported.get(pid) ?? { done: 0, failed: 0 };
    for (const { done, failed } of counts.jobs) {
      reported.done += done;
      reported.failed += failed;
    }
    this.#reported.set(pid, reported);
  }

  /** The process is gone. If it ended in order, it has reported everything. */
  left(place: number, pid: number, inOrder: boolean): void {
    this.totals.gone(nameOf(place), pid);
    if (inOrder) this.#reported.delete(pid);
  }

  /** A child died. `counted`: its jobs by the counters in Redis. */
  recovered(pid: number, counted: { readonly processed: number; readonly failed: number }): void {
    const { done, failed } = this.#reported.get(pid) ?? { done: 0, failed: 0 };
    this.#reported.delete(pid);
    const lost = { queue: UNKNOWN, class: UNKNOWN };
    // Fewer than reported: another worker pruned it meanwhile, and removed its counters.
    if (counted.processed > done) this.totals.count(lost, 'done', counted.processed - done);
    if (counted.failed > failed) this.totals.count(lost, 'failed', counted.failed - failed);
  }

  blocked(pid: number): void {
    this.#blocked.add(pid);
  }

  died(pid: number, isReplaced: boolean): void {
    if (isReplaced) this.totals.restarted(this.#blocked.has(pid) ? 'blocked' : 'death');
    this.#blocked.delete(pid);
  }

  /** In a reload: a new child works, and the old one finishes its jobs. */
  replacing(): void {
    this.totals.restarted('reload');
  }

  retiring(): void {
    this.totals.restarted('max-rss');
  }
}

function nameOf(place: number): string {
  return `child-${place + 1}`;
}
