/** Rates of change, from two readings of the same namespace. Pure. */
import type { Overview } from '../../../inspect/overview.js';

/** Per second. Growth is negative if a queue shrinks. */
export interface Rates {
  readonly processed: number;
  readonly failed: number;
  readonly queues: ReadonlyMap<string, number>;
}

type Look = Pick<Overview, 'at' | 'stats' | 'queues'>;

/** @returns undefined if no time has passed between them */
export function ratesBetween(before: Look, after: Look): Rates | undefined {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0) return undefined;
  const sizes = new Map(before.queues.map(({ name, size }) => [name, size ?? 0]));
  const growth = after.queues.map(({ name, size = 0 }) => [name, (size - (sizes.get(name) ?? 0)) / seconds] as const);
  return {
    // After a reset of the counters the rate is not negative.
    processed: Math.max(0, after.stats.processed - before.stats.processed) / seconds,
    failed: Math.max(0, after.stats.failed - before.stats.failed) / seconds,
    queues: new Map(growth),
  };
}
