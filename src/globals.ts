/**
 * The globals that the engine, its store and the shutdown use, saved when this file is loaded: a job may replace them (a
 * fake clock that is not restored, a polyfill), and must not break the worker. Timers come from node:timers.
 */
import { setImmediate } from 'node:timers';

// biome-ignore lint/suspicious/noShadowRestrictedNames: this file exists for it
export const { Promise, Map, Set, JSON, Date, AbortController } = globalThis;
export const now: () => number = performance.now.bind(performance);

/**
 * Calls code that reads the globals itself and cannot be changed (the Redis client), with the original globals. Costs two
 * comparisons while they have not been replaced.
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
