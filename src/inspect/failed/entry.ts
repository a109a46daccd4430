/**
 * An entry of the failed list, whoever wrote it: Ruby Resque, goworker, node-resque or we. Pure. Reading never throws:
 * the list may hold anything, and somebody has to look at it. What a retry needs, the exact bytes of the payload, is cut
 * out of the entry's text. Only what is asked for is decoded: a list has many entries, and most of each is its backtrace.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
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
  readonly worker: string;
  readonly failedAt: string;
  /** Resque's web page has put this job back already, and left the entry. */
  readonly retriedAt: string | undefined;
  /** What a retry pushes, or why it cannot be retried. */
  readonly job: Requeue | string;
}

/** Where a job goes, and its bytes as the producer pushed them. */
export interface Requeue {
  readonly queue: string;
  /** Where they lie in the entry, or the bytes themselves where the entry shows others. */
  readonly payload: { readonly from: number; readonly to: number } | Buffer;
}

/** An entry's own name: the same bytes have the same. 40 hex digits. */
export function entryId(raw: Buffer): string {
  return hash('sha1', raw);
}

export function readEntry(raw: Buffer): FailedEntry {
  const fields = new Fields(raw);
  const payload = fields.value('payload');
  const name = readClass(payload);
  const retriedAt = fields.value('retried_at');
  return {
    unreadable: fields.unreadable,
    class: name,
    wrapper: wrapperOf(payload, name),
    queue: fields.string('queue'),
    exception: fields.text('exception'),
    error: fields.text('error'),
    worker: fields.text('worker'),
    failedAt: fields.text('failed_at'),
    retriedAt: retriedAt === undefined || retriedAt === null ? undefined : textOf(retriedAt),
    job: jobIn(raw, fields, payload),
  };
}

/** Stack lines; goworker writes none, and its stack into the message. */
export function readBacktrace(raw: Buffer): readonly string[] {
  const backtrace = new Fields(raw).value('backtrace');
  if (Array.isArray(backtrace)) return backtrace.map(textOf);
  return typeof backtrace === 'string' && backtrace !== '' ? backtrace.split('\n') : [];
}

/** The text of the payload as the entry shows it; undefined where there is none. */
export function payloadText(raw: Buffer): Buffer | undefined {
  const member = new Fields(raw).member('payload');
  return member && raw.subarray(member.from, member.to);
}

/** The fields of an entry, decoded when they are asked for. */
class Fields {
  readonly unreadable: string | undefined;
  readonly #raw: Buffer;
  readonly #text: string;
  readonly #ascii: boolean;
  readonly #members = new Map<string, Member>();

  constructor(raw: Buffer) {
    this.#raw = raw;
    this.#text = raw.toString('latin1');
    this.#ascii = isAscii(raw);
    const members = membersOf(raw, this.#text);
    // JSON.parse takes the last of two as well.
    for (const member of members ?? []) this.#members.set(member.key, member);
    if (members === undefined) this.unreadable = raw.length === 0 ? 'it is empty' : 'it is no JSON object';
  }

  member(key: string): Member | undefined {
    return this.#members.get(key);
  }

  /** undefined where it is missing, or no JSON. */
  value(key: string): unknown {
    const member = this.#members.get(key);
    if (member === undefined) return undefined;
    const { from, to } = member;
    const json = this.#ascii ? this.#text.slice(from, to) : this.#raw.toString('utf8', from, to);
    // Most are texts without anything to decode.
    if (PLAIN_STRING.test(json)) return json.slice(1, -1);
    try {
      return JSON.parse(json);
    } catch {
      return undefined;
    }
  }

  text(key: string): string {
    return textOf(this.value(key));
  }

  string(key: string): string {
    const value = this.value(key);
    return typeof value === 'string' ? value : '';
  }
}

const PLAIN_STRING = /^"[ !#-[\]-~]*"$/;

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function wrapperOf(payload: unknown, inner: string): string | undefined {
  const outer =
    typeof payload === 'object' && payload !== null ? (payload as Readonly<Record<string, unknown>>).class : undefined;
  return typeof outer === 'string' && outer !== inner ? outer : undefined;
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

/** @param payload decoded */
function jobIn(raw: Buffer, fields: Fields, payload: unknown): Requeue | string {
  if (fields.unreadable !== undefined) return fields.unreadable;
  const queue = fields.string('queue');
  if (queue === '') return 'it names no queue';
  // U+FFFD in its place would be another queue.
  if (queue.includes('\ufffd') && !isUtf8(raw)) return 'the name of its queue is not valid UTF-8';
  const kept = fields.member('payload_base64');
  const bytes =
    kept === undefined
      ? shownPayload(raw, fields.member('payload'), payload)
      : keptPayload(fields.value('payload_base64'));
  return typeof bytes === 'string' ? bytes : { queue, payload: bytes };
}

const OPEN_BRACE = '{'.charCodeAt(0);

function shownPayload(raw: Buffer, member: Member | undefined, payload: unknown): Requeue['payload'] | string {
  if (member === undefined) return 'it has no payload';
  const { from, to } = member;
  if (raw[from] === OPEN_BRACE) return payload === undefined ? 'its payload is no JSON' : { from, to };
  return `its payload is no job, but ${raw.toString('utf8', from, Math.min(to, from + 40))}`;
}

/** We keep the exact bytes in this way where they are not JSON, so that the entry is. */
function keptPayload(text: unknown): Buffer | string {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  return bytes?.toString('base64') === text ? (bytes as Buffer) : 'its payload_base64 is not base64';
}
