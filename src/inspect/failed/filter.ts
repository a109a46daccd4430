/** The filter for entries of the failed list. */
import { FailedEntry, failureTime } from './entry.js';
import { fingerprint } from './fingerprint.js';
import type { Listed } from './list.js';
import { searchEach } from './stoppable-search.js';

/** All given criteria must match; of several classes or queues, one. */
export interface FailedFilter {
  /** For an ActiveJob job, its own class or the wrapper's. */
  readonly classes?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  /** By fingerprint. */
  readonly kinds?: readonly string[] | undefined;
  /** Failed at this time (ms) or later; excludes entries without a valid time. */
  readonly since?: number | undefined;
  /** Failed before this time. */
  readonly before?: number | undefined;
  /** Matches the exception, the message, or `exception: message`; a text matches regardless of case. */
  readonly error?: RegExp | string | undefined;
  /** Only those that Resque's web page has retried already (true), or only the others (false). */
  readonly retried?: boolean | undefined;
  /** A further condition. */
  readonly also?: ((entry: FailedEntry) => boolean) | undefined;
}

export function isFiltered(filter: FailedFilter): boolean {
  return Object.values(filter).some((wanted) => wanted !== undefined);
}

export interface Match {
  readonly listed: Listed;
  readonly entry: FailedEntry;
}

/** The matching entries of a page. */
export function matching(page: readonly Listed[], filter: FailedFilter): readonly Match[] {
  const candidates = page
    .map((listed) => ({ listed, entry: new FailedEntry(listed.raw) }))
    .filter(({ entry }) => isMeant(entry, filter));
  const { error } = filter;
  if (error === undefined) return candidates;
  const found = haveError(
    candidates.map(({ entry }) => textsOf(entry)),
    error,
  );
  return candidates.filter((_, i) => found[i]);
}

function haveError(items: readonly (readonly string[])[], wanted: RegExp | string): readonly boolean[] {
  if (typeof wanted !== 'string') return searchEach(wanted, items);
  const lower = wanted.toLowerCase();
  return items.map((texts) => texts.some((text) => text.toLowerCase().includes(lower)));
}

function textsOf({ exception, error }: FailedEntry): readonly string[] {
  return [exception, error, `${exception}: ${error}`];
}

/** All criteria except the error. */
function isMeant(entry: FailedEntry, filter: FailedFilter): boolean {
  const { classes, queues, kinds, retried, also } = filter;
  return (
    (classes === undefined || classes.includes(entry.class) || classes.includes(entry.wrapper ?? entry.class)) &&
    (queues === undefined || queues.includes(entry.queue)) &&
    (retried === undefined || retried === (entry.retriedAt !== undefined)) &&
    isInTime(entry, filter) &&
    (kinds === undefined || kinds.includes(fingerprint(entry))) &&
    (also === undefined || also(entry))
  );
}

function isInTime(entry: FailedEntry, { since, before }: FailedFilter): boolean {
  if (since === undefined && before === undefined) return true;
  const at = failureTime(entry);
  if (at === undefined) return false;
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (before ?? Number.POSITIVE_INFINITY);
}
