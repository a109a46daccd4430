/** The time limit of a job: that of its class, or the default. */

import { clearTimeout, setTimeout } from 'node:timers';
import type { Run } from '../engine/run.js';
import type { JobFunction } from '../job.js';

/** The error of a job that exceeded its time limit. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(limitMs: number) {
    super(`the job did not end within ${limitMs / 1000} s`);
  }
}

const LIMIT = Symbol.for('tsworker.timeout');

/** Sets the time limit of a function. Milliseconds; undefined: none. */
export function withTimeout(fn: JobFunction, limitMs: number | undefined): JobFunction {
  return limitMs === undefined ? fn : Object.assign(fn, { [LIMIT]: limitMs });
}

/** The time limit of a function in milliseconds; undefined: none. */
export function timeoutOf(fn: JobFunction): number | undefined {
  return (fn as { [LIMIT]?: number })[LIMIT];
}

/**
 * The longest limit of all functions, in milliseconds; 0: at least one has no limit.
 * @param defaultMs for functions without a limit of their own; 0: none
 */
export function longestLimit(functions: readonly JobFunction[], defaultMs: number): number {
  const limits = functions.map((fn) => timeoutOf(fn) ?? defaultMs);
  return limits.includes(0) ? 0 : Math.max(...limits);
}

/** A timer that is this late shows that the process was suspended, or blocked by a job. */
const LATE_MS = 500;
/** The run then gets this extra time once: the reply that it waited for may have arrived meanwhile. */
const EXTENSION_MS = 1000;

/** Ends the run at its time limit. The timer is cleared when the run ends. */
export function limit(run: Run, limitMs: number): void {
  const expire = () => run.expire(new TimeoutError(limitMs));
  const dueAt = performance.now() + limitMs;
  let timer = setTimeout(() => {
    if (performance.now() - dueAt < LATE_MS) return expire();
    timer = setTimeout(expire, Math.min(limitMs, EXTENSION_MS));
  }, limitMs);
  run.onEnd(() => clearTimeout(timer));
}
