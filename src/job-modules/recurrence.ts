/** What a `job()` says of its own recurrence, kept with its function until all job modules are loaded. Pure. */
import type { TimingOptions } from '../recurring/entry.js';
import type { ArgsSchema } from './schema.js';

/** As it was written: it is read with the schedule, so that a program that only enqueues loads no cron library. */
export interface Recurrence {
  readonly options: Readonly<Record<string, unknown>>;
  /** Of the arguments, which a recurring job has none of. */
  readonly schema: ArgsSchema | undefined;
}

const TIMINGS = ['cron', 'every', 'timezone', 'missed', 'overlap', 'jitter'] as const;
const OPTIONS = [...TIMINGS, 'expiresIn'] as const;

/** @returns undefined where it says nothing of it */
export function recurrenceOf(
  definition: TimingOptions & { readonly expiresIn?: number },
  schema: ArgsSchema | undefined,
): Recurrence | undefined {
  if (TIMINGS.every((option) => definition[option] === undefined)) return undefined;
  const given = OPTIONS.filter((option) => definition[option] !== undefined);
  return { options: Object.fromEntries(given.map((option) => [option, definition[option]])), schema };
}

const RECURRENCE = Symbol.for('tsworker.recurrence');

export function withRecurrence<F extends object>(fn: F, recurrence: Recurrence | undefined): F {
  return recurrence === undefined ? fn : Object.assign(fn, { [RECURRENCE]: recurrence });
}

/** undefined: its job is not enqueued by a schedule. */
export function recurrence(fn: object): Recurrence | undefined {
  return (fn as { [RECURRENCE]?: Recurrence })[RECURRENCE];
}
