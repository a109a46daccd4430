/**
 * An entry of the failed list, whoever wrote it: Ruby Resque, goworker, node-resque or we. Pure. Reading never throws:
 * the list may hold anything, and somebody has to look at it. What a retry needs, the exact bytes of the payload, is cut
 * out of the entry's text.
 */

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Member, membersOf } from '../../resque/members.js';
import { readClass } from '../payload.js';
import { parseTime } from '../time.js';

/** What can be shown of an entry; texts are '' where they are missing. */
export interface FailedEntry {
  /** Why nothing of it can be read, where that is so; all other fields are empty then. */
  readonly unreadable: string | undefined;
  /** The job's class; of an ActiveJob job, the class inside the wrapper. */
  readonly class: string;
  /** The class that stands in the payload, where it is another: ActiveJob's wrapper. */
  readonly wrapper: string | undefined;
  readonly queue: string;
  readonly exception: string;
  readonly error: string;
  readonly backtrace: readonly string[];
  readonly worker: string;
  readonly failedAt: string;
  /** Resque's web page has put this job back already, and left the entry. */
  readonly retriedAt: string | undefined;
}

/** Where a job goes, and its bytes as the producer pushed them. */
export interface Requeue {
  readonly queue: string;
  /** Where they lie in the entry, or the bytes themselves where the entry shows others. */
  readonly payload: { readonly from: number; readonly to: number } | Buffer;
}

/** An entry's own name: the same bytes have the same. 40 hex digits. */
export function entryId(raw: Buffer): string {
  return createHash('sha1').update(raw).digest('hex');
}

type Fields = Readonly<Record<string, unknown>>;

export function readEntry(raw: Buffer): FailedEntry {
  const fields = fieldsOf(raw);
  const known = typeof fields === 'string' ? {} : fields;
  const { payload, queue, exception, error, worker, failed_at, retried_at, backtrace } = known;
  const name = readClass(payload);
  return {
    unreadable: typeof fields === 'string' ? fields : undefined,
    class: name,
    wrapper: wrapperOf(payload, name),
    queue: typeof queue === 'string' ? queue : '',
    exception: textOf(exception),
    error: textOf(error),
    backtrace: linesOf(backtrace),
    worker: textOf(worker),
    failedAt: textOf(failed_at),
    retriedAt: retried_at === undefined || retried_at === null ? undefined : textOf(retried_at),
  };
}

/** The fields, or why there are none. */
function fieldsOf(raw: Buffer): Fields | string {
  try {
    const value: unknown = JSON.parse(raw.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    return 'it is JSON, but not an object';
  } catch {
    return raw.length === 0 ? 'it is empty' : 'it is not JSON';
  }
}

/** Ruby writes the name of the zone alone, or its hours. */
const ODD_ZONE = /^(\d{4})[-/](\d\d)[-/](\d\d) (\d\d:\d\d:\d\d) (?:[A-Za-z]{2,5}|[+-]\d\d)$/;

/**
 * When it failed, in milliseconds; undefined where nobody can tell. A zone that JavaScript does not know by name (`MSK`)
 * is taken for this machine's, where the worker most likely runs too.
 */
export function failureTime({ failedAt }: FailedEntry): number | undefined {
  const exact = parseTime(failedAt);
  const odd = exact === undefined ? ODD_ZONE.exec(failedAt) : null;
  if (odd === null) return exact;
  const [, year, month, day, clock] = odd;
  const known = Date.parse(failedAt);
  const ms = Number.isNaN(known) ? Date.parse(`${year}-${month}-${day}T${clock}`) : known;
  return Number.isNaN(ms) ? undefined : ms;
}

function wrapperOf(payload: unknown, inner: string): string | undefined {
  const outer = typeof payload === 'object' && payload !== null ? (payload as Fields).class : undefined;
  return typeof outer === 'string' && outer !== inner ? outer : undefined;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** goworker writes none, and its stack into the message. */
function linesOf(backtrace: unknown): readonly string[] {
  if (Array.isArray(backtrace)) return backtrace.map(textOf);
  return typeof backtrace === 'string' && backtrace !== '' ? backtrace.split('\n') : [];
}

/** The text of the payload as the entry shows it; undefined where there is none. */
export function payloadText(raw: Buffer): Buffer | undefined {
  if (typeof fieldsOf(raw) === 'string') return undefined;
  const member = lastOf(membersOf(raw), 'payload');
  return member && raw.subarray(member.from, member.to);
}

/** What a retry of this entry pushes, or why it cannot be retried. */
export function requeueOf(raw: Buffer, { unreadable, queue }: FailedEntry): Requeue | string {
  if (unreadable !== undefined) return unreadable;
  if (queue === '') return 'it names no queue';
  // U+FFFD in its place would be another queue.
  if (queue.includes('\ufffd') && !isUtf8(raw)) return 'the name of its queue is not valid UTF-8';
  const members = membersOf(raw);
  const kept = lastOf(members, 'payload_base64');
  const payload = kept === undefined ? shownPayload(raw, lastOf(members, 'payload')) : keptPayload(raw, kept);
  return typeof payload === 'string' ? payload : { queue, payload };
}

/** JSON.parse takes the last of two as well. */
function lastOf(members: readonly Member[], key: string): Member | undefined {
  return members.findLast((member) => member.key === key);
}

function shownPayload(raw: Buffer, member: Member | undefined): Requeue['payload'] | string {
  if (member === undefined) return 'it has no payload';
  if (raw[member.from] === OPEN_BRACE) return { from: member.from, to: member.to };
  return `its payload is no job, but ${raw.toString('utf8', member.from, Math.min(member.to, member.from + 40))}`;
}

/** We keep the exact bytes in this way where they are not JSON, so that the entry is. */
function keptPayload(raw: Buffer, { from, to }: Member): Buffer | string {
  const text: unknown = JSON.parse(raw.toString('utf8', from, to));
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  return bytes?.toString('base64') === text ? (bytes as Buffer) : 'its payload_base64 is not base64';
}

const OPEN_BRACE = '{'.charCodeAt(0);
