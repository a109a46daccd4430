/** What fails, how often, and since when. Changes nothing. */
import { FailedEntry, failureTime } from './entry.js';
import { type FailedFilter, matches } from './filter.js';
import type { FailedList } from './list.js';

/** Failures of one kind. */
export interface FailedGroup {
  readonly queue: string;
  readonly class: string;
  readonly exception: string;
  readonly count: number;
  /** Milliseconds; undefined where no entry has a time that can be read. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** The newest of them. */
  readonly n: number;
  readonly error: string;
}

export interface FailedCount {
  /** Those that match. */
  readonly total: number;
  /** The most frequent first. */
  readonly groups: readonly FailedGroup[];
  /** How many entries were looked at: all, unless `most` cut it short. */
  readonly seen: number;
}

type Growing = { -readonly [K in keyof FailedGroup]: FailedGroup[K] };

/** @param most look at no more than the newest so many entries */
export async function countFailed(
  list: FailedList,
  filter: FailedFilter = {},
  most = Number.POSITIVE_INFINITY,
): Promise<FailedCount> {
  const groups = new Map<string, Growing>();
  let total = 0;
  let seen = 0;
  for await (const page of list.down()) {
    for (const { n, raw } of page.slice(0, most - seen)) {
      const entry = new FailedEntry(raw);
      if (!matches(entry, filter)) continue;
      total++;
      add(groups, n, entry);
    }
    seen = Math.min(most, seen + page.length);
    if (seen === most) break;
  }
  return { total, groups: [...groups.values()].sort((a, b) => b.count - a.count), seen };
}

function add(groups: Map<string, Growing>, n: number, entry: FailedEntry): void {
  const { queue, class: name, exception, error } = entry;
  const key = JSON.stringify([queue, name, exception]);
  const at = failureTime(entry);
  const group = groups.get(key) ?? { queue, class: name, exception, count: 0, first: at, last: at, n, error };
  group.count++;
  if (at !== undefined) {
    group.first = Math.min(group.first ?? at, at);
    group.last = Math.max(group.last ?? at, at);
  }
  groups.set(key, group);
}
