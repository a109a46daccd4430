/** How fast things change: what two looks at the same namespace make. Pure. */
import type { Overview } from '../../../inspect/overview.js';

/** Per second. Growth is negative where a queue shrinks. */
export interface Rates {
  readonly processed: number;
  readonly failed: number;
  readonly queues: ReadonlyMap<string, number>;
}

type Look = Pick<Overview, 'at' | 'stats' | 'queues'>;

/** @returns undefined where no time lies between them */
export function ratesBetween(before: Look, after: Look): Rates | undefined {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0) return undefined;
  const sizes = new Map(before.queues.map(({ name, size }) => [name, size ?? 0]));
  const growth = after.queues.map(({ name, size = 0 }) => [name, (size - (sizes.get(name) ?? 0)) / seconds] as const);
  return {
    // A reset of the counters does not mean that jobs were undone.
    processed: Math.max(0, after.stats.processed - before.stats.processed) / seconds,
    failed: Math.max(0, after.stats.failed - before.stats.failed) / seconds,
    queues: new Map(growth),
  };
}
