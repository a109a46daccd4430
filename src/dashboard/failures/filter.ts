/** Which failures a page, or an action on all of them, means: as an address says it, and as index and list understand it. Pure. */
import { type FailedEntry, failureTime } from '../../inspect/failed/entry.js';
import type { FailedFilter } from '../../inspect/failed/filter.js';
import { fingerprint } from '../../inspect/failed/fingerprint.js';
import { quoted } from '../../shell-word.js';
import type { Redactor } from '../redact/redactor.js';
import type { IndexFilter } from './summary.js';

/** All that is given must hold. */
export interface FailureFilter extends IndexFilter {
  /** The id of the worker, or a part of it. */
  readonly worker?: string | undefined;
  /** Anywhere in what is shown of the entry, whatever its case. */
  readonly text?: string | undefined;
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOST_TEXT = 200;
const FLAGS = new Map([
  ['yes', true],
  ['no', false],
]);

/** @param now for `24h`: Redis' clock */
export function readFilter(query: URLSearchParams, now: number): FailureFilter {
  const text = (name: string) => query.get(name)?.slice(0, MOST_TEXT) || undefined;
  const flag = (name: string) => FLAGS.get(query.get(name) ?? '');
  return {
    // An empty class is one that nobody can read: only `unreadable` asks for it.
    class: text('class'),
    queue: text('queue'),
    kind: /^[0-9a-f]{12}$/.test(query.get('kind') ?? '') ? (query.get('kind') as string) : undefined,
    since: moment(query.get('since'), now),
    before: moment(query.get('before'), now),
    retried: flag('retried'),
    unreadable: flag('unreadable'),
    worker: text('worker'),
    text: text('text'),
  };
}

/** `24h`, or a time; whole seconds, as the index has them. */
function moment(text: string | null, now: number): number | undefined {
  const [, size, unit] = /^(\d{1,6})([mhd])$/.exec(text ?? '') ?? [];
  const at = size === undefined ? timeOf(text) : now - Number(size) * UNITS_MS[unit];
  return at === undefined ? undefined : Math.floor(at / 1000) * 1000;
}

function timeOf(text: string | null): number | undefined {
  if (text === null || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  // A field for date and time sends no zone: the page says that it is UTC.
  const at = Date.parse(/[Zz]|[+-]\d\d:\d\d$/.test(text) ? text : `${text.length === 10 ? `${text}T00:00` : text}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** The same again, for an address or a form; times are exact. */
export function filterFields(filter: FailureFilter): Readonly<Record<string, string>> {
  const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'yes' : 'no');
  const { class: name, queue, kind, since, before, retried, unreadable, worker, text } = filter;
  const all = {
    ...{ class: name, queue, kind, since: time(since), before: time(before) },
    ...{ retried: flag(retried), unreadable: flag(unreadable), worker, text },
  };
  return Object.fromEntries(Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined));
}

export function isFiltered(filter: FailureFilter): boolean {
  return Object.keys(filterFields(filter)).length > 0;
}

/** The index does not know it: the entries themselves must be read. */
export function needsReading({ worker, text }: FailureFilter): boolean {
  return worker !== undefined || text !== undefined;
}

/** For those who read the list itself. A search sees what is shown, never what is masked. */
export function listFilter(filter: FailureFilter, redactor: Redactor): FailedFilter {
  const matches = entryMatcher(filter, redactor);
  return filter.retried === undefined ? { also: matches } : { also: matches, retried: filter.retried };
}

export function entryMatcher(filter: FailureFilter, redactor: Redactor): (entry: FailedEntry) => boolean {
  const { class: name, queue, kind, since, before, retried, unreadable, worker } = filter;
  const text = filter.text?.toLowerCase();
  return (entry) =>
    (name === undefined || entry.class === name) &&
    (queue === undefined || entry.queue === queue) &&
    (retried === undefined || (entry.retriedAt !== undefined) === retried) &&
    (unreadable === undefined || (entry.unreadable !== undefined) === unreadable) &&
    (worker === undefined || entry.worker.includes(worker)) &&
    isInTime(entry, since, before) &&
    (kind === undefined || fingerprint(entry) === kind) &&
    (text === undefined || searchText(entry, redactor).includes(text));
}

function isInTime(entry: FailedEntry, since: number | undefined, before: number | undefined): boolean {
  if (since === undefined && before === undefined) return true;
  const at = failureTime(entry);
  return at !== undefined && at >= (since ?? 0) && at < (before ?? Number.POSITIVE_INFINITY);
}

function searchText(entry: FailedEntry, redactor: Redactor): string {
  const { exception, error, payload, backtrace } = redactor.failure(entry);
  return [entry.class, entry.queue, entry.worker, `${exception}: ${error}`, payload, ...backtrace]
    .join('\n')
    .toLowerCase();
}

/** The flags of `tsworker failed` that mean the same; undefined where it has none for it. */
export function filterFlags(filter: FailureFilter): string | undefined {
  const { class: name, queue, kind, since, before, retried, unreadable, worker, text } = filter;
  if (unreadable !== undefined || worker !== undefined || text !== undefined || retried === false) return undefined;
  const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString().slice(0, 19));
  const zoned = (at: number | undefined) => (at === undefined ? undefined : `${time(at)}Z`);
  const flags = { class: name, queue, kind, since: zoned(since), before: zoned(before) };
  const parts = Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined ? [] : [`-${flag}=${quoted(value)}`],
  );
  return [...parts, ...(retried === true ? ['-retried'] : [])].join(' ');
}
