/** How long a job may run: its own limit, or the one for all. Knows no engine but the run that it ends. */

import { clearTimeout, setTimeout } from 'node:timers';
import type { Run } from '../engine/run.js';
import type { JobFunction } from '../job.js';

/** A job that did not end in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(limitMs: number) {
    super(`the job did not end within ${limitMs / 1000} s`);
  }
}

const LIMIT = Symbol.for('tsworker.timeout');

/** Gives a job's function a limit of its own. Milliseconds; undefined: it has none. */
export function withTimeout(fn: JobFunction, limitMs: number | undefined): JobFunction {
  return limitMs === undefined ? fn : Object.assign(fn, { [LIMIT]: limitMs });
}

/** The function's own limit in milliseconds, or undefined. */
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

/** A timer that fires so much too late says that the process stood still: it was suspended, or a job blocked it. */
const LATE_MS = 500;
/** What a run then gets once, since what it waited for may have arrived meanwhile. */
const EXTENSION_MS = 1000;

/** Ends the run when its time is over. The timer goes with the run. */
export function limit(run: Run, limitMs: number): void {
  const expire = () => run.expire(new TimeoutError(limitMs));
  const dueAt = performance.now() + limitMs;
  let timer = setTimeout(() => {
    if (performance.now() - dueAt < LATE_MS) return expire();
    timer = setTimeout(expire, Math.min(limitMs, EXTENSION_MS));
  }, limitMs);
  run.onEnd(() => clearTimeout(timer));
}
