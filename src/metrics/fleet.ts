/**
 * The counts of a supervisor's children, and what no child can tell: that it died, and what it had finished by then.
 * Redis keeps a count for each slot, which the registry hands over when it removes a dead child; what the child had not reported
 * is added under no class, so that the sums agree with Redis' own.
 */
import type { Counts } from './counts.js';
import { UNKNOWN } from './families.js';
import { Totals } from './totals.js';

export class FleetCounts {
  readonly totals: Totals;
  /** By pid: what that child has reported of its jobs. */
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

  /** The process is gone. One that ended in order has reported everything. */
  left(place: number, pid: number, inOrder: boolean): void {
    this.totals.gone(nameOf(place), pid);
    if (inOrder) this.#reported.delete(pid);
  }

  /** A child died; this is what Redis had counted of it, from its first job to its last. */
  recovered(pid: number, counted: { readonly processed: number; readonly failed: number }): void {
    const { done, failed } = this.#reported.get(pid) ?? { done: 0, failed: 0 };
    this.#reported.delete(pid);
    const lost = { queue: UNKNOWN, class: UNKNOWN };
    // Less than was reported: somebody took it for dead meanwhile, and took its counts out with it.
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

  /** At a reload: another one works, and the one before it ends its jobs. */
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
