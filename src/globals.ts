/**
 * The globals that the loop, its store and the end of a worker need, taken when this file is loaded: a job may replace them
 * (a fake clock that was never put back, a polyfill), and must not stop those who run it. Timers come from node:timers.
 */
import { setImmediate } from 'node:timers';

// biome-ignore lint/suspicious/noShadowRestrictedNames: that is what it is for
export const { Promise, Map, Set, JSON, Date, AbortController } = globalThis;
export const now: () => number = performance.now.bind(performance);

/**
 * Calls what reads globals itself and is not ours to change (the Redis client), with those that it needs as they were at
 * first. Costs two comparisons while nobody has replaced them.
 */
export function withThese<T>(action: () => T): T {
  const shared = globalThis as { Promise: typeof Promise; setImmediate: typeof setImmediate };
  const replaced = { Promise: shared.Promise, setImmediate: shared.setImmediate };
  if (replaced.Promise === Promise && replaced.setImmediate === setImmediate) return action();
  Object.assign(shared, { Promise, setImmediate });
  try {
    return action();
  } finally {
    Object.assign(shared, replaced);
  }
}
