/** Counts failures by group: what fails, how often, and since when. Changes nothing. */
import { type FailedEntry, failureTime } from './entry.js';
import { type FailedFilter, matching } from './filter.js';
import { fingerprint, normalizeMessage } from './fingerprint.js';
import type { FailedList } from './list.js';

/**
 * kind: same queue, class, exception and message, ignoring its variable parts. error: the same, for any queue and
 * class. hour: when it failed, in UTC.
 */
export const GROUPINGS = ['kind', 'error', 'class', 'queue', 'hour'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A group of similar failures. Fields that may differ are those of the newest. */
export interface FailedGroup {
  readonly queue: string;
  readonly class: string;
  readonly exception: string;
  /** Fingerprint. */
  readonly kind: string;
  readonly count: number;
  /** Milliseconds since the epoch; undefined if no entry has a valid time. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** The newest of them. */
  readonly n: number;
  /** Its message, cut if it is very long. */
  readonly error: string;
}

export interface FailedCount {
  /** Number of matching entries. */
  readonly total: number;
  /** The most frequent first; hours: the newest first. */
  readonly groups: readonly FailedGroup[];
  /** Number of entries that were read: all, unless `most` limits it. */
  readonly seen: number;
}

export interface CountOptions {
  readonly filter?: FailedFilter;
  readonly by?: Grouping;
  /** Reads at most this many of the newest entries. */
  readonly most?: number;
}

type Growing = { -readonly [K in keyof FailedGroup]: FailedGroup[K] };

export async function countFailed(
  list: FailedList,
  { filter = {}, by = 'kind', most = Number.POSITIVE_INFINITY }: CountOptions = {},
): Promise<FailedCount> {
  const groups = new Groups(by);
  let total = 0;
  let seen = 0;
  for await (const page of list.down()) {
    for (const { listed, entry } of matching(page.slice(0, most - seen), filter)) {
      total++;
      groups.add(listed.n, entry);
    }
    seen = Math.min(most, seen + page.length);
    if (seen === most) break;
  }
  return { total, groups: groups.sorted, seen };
}

/**
 * The number of groups is limited, so that memory stays bounded: messages may differ in parts that are not recognized
 * as variable.
 */
const MOST_GROUPS = 10_000;
const MOST_ERROR = 4000;

class Groups {
  readonly #by: Grouping;
  readonly #groups = new Map<string, Growing>();

  constructor(by: Grouping) {
    this.#by = by;
  }

  add(n: number, entry: FailedEntry): void {
    const at = failureTime(entry);
    const key = this.#keyOf(entry, at);
    const full = this.#groups.size >= MOST_GROUPS && !this.#groups.has(key);
    const group = full ? this.#group('', () => ({ ...OTHERS, n })) : this.#group(key, () => partsOf(n, entry));
    group.count++;
    if (at === undefined) return;
    group.first = Math.min(group.first ?? at, at);
    group.last = Math.max(group.last ?? at, at);
  }

  get sorted(): readonly FailedGroup[] {
    const all = [...this.#groups.values()];
    if (this.#by === 'hour') return all.sort((a, b) => (b.last ?? 0) - (a.last ?? 0));
    return all.sort((a, b) => b.count - a.count);
  }

  #keyOf(entry: FailedEntry, at: number | undefined): string {
    switch (this.#by) {
      case 'kind':
        return JSON.stringify([entry.queue, entry.class, entry.exception, normalizeMessage(entry.error)]);
      case 'error':
        return JSON.stringify([entry.exception, normalizeMessage(entry.error)]);
      case 'class':
        return JSON.stringify([entry.class]);
      case 'queue':
        return JSON.stringify([entry.queue]);
      case 'hour':
        return JSON.stringify([at === undefined ? null : Math.floor(at / 3_600_000)]);
    }
  }

  #group(key: string, parts: () => Parts): Growing {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { ...parts(), count: 0, first: undefined, last: undefined };
    this.#groups.set(key, group);
    return group;
  }
}

type Parts = Omit<FailedGroup, 'count' | 'first' | 'last'>;

const OTHERS = { queue: '', class: '', exception: '', kind: '', error: '(other kinds of failures)' };

function partsOf(n: number, entry: FailedEntry): Parts {
  const { queue, class: name, exception, error } = entry;
  return { queue, class: name, exception, kind: fingerprint(entry), n, error: shortened(error) };
}

/** A copy: a slice of a long string would keep all of it in memory. */
function shortened(error: string): string {
  return error.length > MOST_ERROR ? `${Buffer.from(error.slice(0, MOST_ERROR)).toString()}…` : error;
}
