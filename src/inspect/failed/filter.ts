/** Which entries of the failed list are meant. Pure; knows neither the list nor the command line. */
import { type FailedEntry, failureTime } from './entry.js';
import { fingerprint } from './fingerprint.js';

/** All that is given must hold; of several classes or queues, one. */
export interface FailedFilter {
  /** Of an ActiveJob job its own class, or the wrapper's. */
  readonly classes?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  /** By fingerprint. */
  readonly kinds?: readonly string[] | undefined;
  /** Failed at this time (ms) or later; an entry without a time that can be read is left out. */
  readonly since?: number | undefined;
  /** Failed before this time. */
  readonly before?: number | undefined;
  /** Found in the exception, in the message, or in `exception: message`. */
  readonly error?: RegExp | undefined;
  /** Only those that Resque's web page has retried already (true), or only the others (false). */
  readonly retried?: boolean | undefined;
}

export function isFiltered(filter: FailedFilter): boolean {
  return Object.values(filter).some((wanted) => wanted !== undefined);
}

export function matches(entry: FailedEntry, filter: FailedFilter): boolean {
  const { classes, queues, kinds, error, retried } = filter;
  return (
    (classes === undefined || classes.includes(entry.class) || classes.includes(entry.wrapper ?? entry.class)) &&
    (queues === undefined || queues.includes(entry.queue)) &&
    (retried === undefined || retried === (entry.retriedAt !== undefined)) &&
    (error === undefined || hasError(entry, error)) &&
    isInTime(entry, filter) &&
    (kinds === undefined || kinds.includes(fingerprint(entry)))
  );
}

function hasError(entry: FailedEntry, wanted: RegExp): boolean {
  return [entry.exception, entry.error, `${entry.exception}: ${entry.error}`].some(
    (text) => text.search(wanted) !== -1,
  );
}

function isInTime(entry: FailedEntry, { since, before }: FailedFilter): boolean {
  if (since === undefined && before === undefined) return true;
  const at = failureTime(entry);
  if (at === undefined) return false;
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (before ?? Number.POSITIVE_INFINITY);
}
