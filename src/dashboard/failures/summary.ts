/** What the table says of those rows that a filter means: groups, facets, pages. Pure. */
import type { Group } from './groups.js';
import { type FailureTable, FLAGS, type ShortHash } from './table.js';

/** All that is given must hold. */
export interface IndexFilter {
  readonly class?: string | undefined;
  readonly queue?: string | undefined;
  /** Fingerprint. */
  readonly kind?: string | undefined;
  /** Failed at this time (ms, whole seconds) or later; what has no time is left out. */
  readonly since?: number | undefined;
  readonly before?: number | undefined;
  readonly retried?: boolean | undefined;
  readonly unreadable?: boolean | undefined;
}

export interface GroupSummary extends Group {
  /** All that match. */
  readonly count: number;
  readonly hour: number;
  readonly hourBefore: number;
  readonly day: number;
  /** Milliseconds; undefined where no time can be read. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** The N of the newest. */
  readonly newest: number;
  /** Of each of the last 24 hours, the oldest first. */
  readonly hours: readonly number[];
}

export interface Facet {
  readonly name: string;
  readonly count: number;
}

export interface Summary {
  readonly matching: number;
  /** Those that failed most in the last hour first, then day, then ever. */
  readonly groups: readonly GroupSummary[];
  readonly classes: readonly Facet[];
  readonly queues: readonly Facet[];
  readonly retried: number;
  readonly unreadable: number;
}

const HOUR_S = 3600;
const HOURS = 24;

export function summarize(table: FailureTable, filter: IndexFilter, nowMs: number): Summary {
  const now = Math.floor(nowMs / 1000);
  // By number: a million lookups in a map would take most of the time.
  const groups: (Growing | undefined)[] = new Array(table.groups.count);
  const queues = new Uint32Array(table.queueNames.length);
  let [matching, retried, unreadable] = [0, 0, 0];
  const matches = matcher(table, filter);
  for (let n = table.high - 1; n >= table.low; n--) {
    if (!matches(n)) continue;
    matching++;
    queues[table.queueOf(n)]++;
    if (table.has(n, FLAGS.retried)) retried++;
    if (table.has(n, FLAGS.unreadable)) unreadable++;
    add(groups, table.groupOf(n), n, table.timeOf(n), now);
  }
  const summaries = groups.flatMap((growing, number) => (growing ? summaryOf(table.group(number), growing) : []));
  return {
    matching,
    groups: summaries.sort((a, b) => b.hour - a.hour || b.day - a.day || b.count - a.count || b.newest - a.newest),
    classes: facets(classCounts(summaries)),
    queues: facets(new Map(table.queueNames.map((name, i) => [name, queues[i]]))),
    retried,
    unreadable,
  };
}

interface Growing {
  count: number;
  first: number;
  last: number;
  readonly newest: number;
  readonly hours: Uint32Array;
}

function add(groups: (Growing | undefined)[], number: number, n: number, at: number, now: number): void {
  let group = groups[number];
  if (group === undefined) {
    group = { count: 0, first: 0, last: 0, newest: n, hours: new Uint32Array(HOURS) };
    groups[number] = group;
  }
  group.count++;
  if (at === 0) return;
  if (group.first === 0 || at < group.first) group.first = at;
  if (at > group.last) group.last = at;
  // What lies ahead by another clock has failed now.
  const hoursAgo = Math.max(0, Math.floor((now - at) / HOUR_S));
  if (hoursAgo < HOURS) group.hours[HOURS - 1 - hoursAgo]++;
}

function summaryOf(group: Group, { count, first, last, newest, hours }: Growing): GroupSummary {
  const time = (seconds: number) => (seconds === 0 ? undefined : seconds * 1000);
  return {
    ...group,
    count,
    hour: hours[HOURS - 1],
    hourBefore: hours[HOURS - 2],
    day: hours.reduce((sum, one) => sum + one, 0),
    first: time(first),
    last: time(last),
    newest,
    hours: [...hours],
  };
}

function classCounts(groups: readonly GroupSummary[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { class: name, count } of groups) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}

function facets(counts: ReadonlyMap<string, number>): readonly Facet[] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

export interface Rise {
  readonly kind: string;
  readonly class: string;
  readonly exception: string;
  readonly hour: number;
  readonly hourBefore: number;
}

/** Fewer may fail at any time. */
const LEAST_IN_AN_HOUR = 10;
const TIMES_AS_MANY = 3;

/** What fails far more often than the hour before, most first. */
export function risen({ groups }: Summary, most: number): readonly Rise[] {
  return groups
    .filter(
      ({ kind, hour, hourBefore }) => kind !== '' && hour >= LEAST_IN_AN_HOUR && hour >= TIMES_AS_MANY * hourBefore,
    )
    .slice(0, most)
    .map(({ kind, class: name, exception, hour, hourBefore }) => ({ kind, class: name, exception, hour, hourBefore }));
}

export interface Matching {
  /** The newest first. */
  readonly rows: readonly number[];
  /** There are more below the last. */
  readonly more: boolean;
}

/** @param from the N to begin with, downwards; default the newest */
export function matchingRows(table: FailureTable, filter: IndexFilter, count: number, from?: number): Matching {
  const matches = matcher(table, filter);
  const rows: number[] = [];
  for (let n = Math.min(from ?? table.high, table.high - 1); n >= table.low; n--) {
    if (!matches(n)) continue;
    if (rows.length === count) return { rows, more: true };
    rows.push(n);
  }
  return { rows, more: false };
}

export function countMatching(table: FailureTable, filter: IndexFilter): number {
  const matches = matcher(table, filter);
  let count = 0;
  for (let n = table.low; n < table.high; n++) if (matches(n)) count++;
  return count;
}

/** How many of these payloads have failed at this time (ms) or later. */
export function countPayloads(table: FailureTable, payloads: ReadonlySet<string>, sinceMs: number): number {
  if (payloads.size === 0) return 0;
  const found = new Set<string>();
  for (let n = table.high - 1; n >= table.low; n--) {
    if (table.timeOf(n) * 1000 < sinceMs) continue;
    const payload = table.payloadOf(n);
    const key = payload && keyOf(payload);
    if (key !== undefined && payloads.has(key)) found.add(key);
  }
  return found.size;
}

/** Other entries with the same payload, the newest first. */
export function samePayload(table: FailureTable, payload: ShortHash, most: number): readonly number[] {
  const rows: number[] = [];
  for (let n = table.high - 1; n >= table.low && rows.length < most; n--) {
    const own = table.payloadOf(n);
    if (own?.a === payload.a && own.b === payload.b) rows.push(n);
  }
  return rows;
}

/** 16 hexadecimal digits. */
export function keyOf({ a, b }: ShortHash): string {
  return `${a.toString(16).padStart(8, '0')}${b.toString(16).padStart(8, '0')}`;
}

function matcher(table: FailureTable, filter: IndexFilter): (n: number) => boolean {
  const { class: name, queue, kind, since, before, retried, unreadable } = filter;
  const groups = new Uint8Array(table.groups.count);
  for (let number = 0; number < groups.length; number++) {
    const group = table.group(number);
    const isMeant = (name === undefined || group.class === name) && (kind === undefined || group.kind === kind);
    groups[number] = isMeant ? 1 : 0;
  }
  const queueNumber = queue === undefined ? -1 : table.queueNames.indexOf(queue);
  const timed = since !== undefined || before !== undefined;
  const [from, to] = [(since ?? 0) / 1000, (before ?? Number.POSITIVE_INFINITY) / 1000];
  return (n) => {
    if (groups[table.groupOf(n)] === 0) return false;
    if (queue !== undefined && table.queueOf(n) !== queueNumber) return false;
    if (retried !== undefined && table.has(n, FLAGS.retried) !== retried) return false;
    if (unreadable !== undefined && table.has(n, FLAGS.unreadable) !== unreadable) return false;
    if (!timed) return true;
    const at = table.timeOf(n);
    return at !== 0 && at >= from && at < to;
  };
}
