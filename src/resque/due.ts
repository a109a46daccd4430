/** When a job is due. Pure. */
import { TsworkerError } from '../errors.js';

/** A time, or a delay in milliseconds from now by Redis' clock. */
export type Due = { readonly at: Date } | { readonly inMs: number };

/** Ten years: a larger value is a mistake in the unit. */
const LONGEST_SECONDS = 315_360_000;

/** @throws TsworkerError USAGE if it is not a number of seconds, or more than ten years. Negative values count as 0 */
export function dueIn(seconds: unknown): Due {
  if (typeof seconds === 'number' && seconds <= LONGEST_SECONDS) return { inMs: Math.max(0, seconds) * 1000 };
  throw new TsworkerError('USAGE', `enqueueIn takes seconds, at most ten years, not ${String(seconds)}`);
}

/** @throws TsworkerError USAGE if it is not a valid Date */
export function dueAt(at: unknown): Due {
  if (at instanceof Date && !Number.isNaN(at.getTime())) return { at };
  throw new TsworkerError('USAGE', 'enqueueAt takes a Date: enqueueAt(new Date(…), { queue, class, args })');
}
