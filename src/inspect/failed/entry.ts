/**
 * Parses an entry of the failed list, written by Ruby Resque, goworker, node-resque or tsworker. Never throws, since
 * the list may contain anything. The exact bytes of the payload, which a retry needs, are cut out of the entry's text.
 * Pure.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Member } from '../../resque/json-scan.js';
import { readClass } from '../payload.js';
import { parseTime } from '../time.js';
import { Fields, textOf } from './fields.js';

/** The queue of a job, and its bytes as the producer pushed them. */
export interface Requeue {
  readonly queue: string;
  /** Their position in the entry, or the bytes themselves if the entry shows others. */
  readonly payload: { readonly from: number; readonly to: number } | Buffer;
}

/** The id of an entry: 40 hex digits, the same for the same bytes. */
export function entryId(raw: Buffer): string {
  return hash('sha1', raw);
}

/**
 * Decodes only the fields that are read: a list has many entries, and most of each is its backtrace. Missing texts are
 * ''.
 */
export class FailedEntry {
  readonly #raw: Buffer;
  readonly #fields: Fields;
  readonly #payload: unknown;

  constructor(raw: Buffer) {
    this.#raw = raw;
    this.#fields = new Fields(raw);
    this.#payload = this.#fields.value('payload');
  }

  /** Why the entry cannot be read; all texts are empty then. undefined if it can. */
  get unreadable(): string | undefined {
    if (this.#fields.readable) return undefined;
    return this.#raw.length === 0 ? 'it is empty' : 'it is no JSON object';
  }

  /** The job's class; for an ActiveJob job, the class inside the wrapper. */
  get class(): string {
    return readClass(this.#payload);
  }

  /** The class in the payload, if it differs: ActiveJob's wrapper. */
  get wrapper(): string | undefined {
    const payload = this.#payload;
    const outer = typeof payload === 'object' && payload !== null && 'class' in payload ? payload.class : undefined;
    return typeof outer === 'string' && outer !== this.class ? outer : undefined;
  }

  get queue(): string {
    return this.#fields.string('queue');
  }

  get exception(): string {
    return this.#fields.text('exception');
  }

  get error(): string {
    return this.#fields.text('error');
  }

  get worker(): string {
    return this.#fields.text('worker');
  }

  get failedAt(): string {
    return this.#fields.text('failed_at');
  }

  /** Resque's web page has requeued this job, and left the entry. */
  get retriedAt(): string | undefined {
    const value = this.#fields.value('retried_at');
    return value === undefined || value === null ? undefined : textOf(value);
  }

  /** Stack lines; goworker writes none, and puts its stack into the message. */
  get backtrace(): readonly string[] {
    const backtrace = this.#fields.value('backtrace');
    if (Array.isArray(backtrace)) return backtrace.map(textOf);
    return typeof backtrace === 'string' && backtrace !== '' ? backtrace.split('\n') : [];
  }

  /** The text of the payload as the entry shows it; '' if it is missing. */
  get payload(): string {
    const member = this.#fields.member('payload');
    return member === undefined ? '' : this.#raw.toString('utf8', member.from, member.to);
  }

  /**
   * What a retry pushes, or why it cannot be retried.
   * @param queue the destination; default the queue of the entry
   */
  requeue(queue = this.queue): Requeue | string {
    const { unreadable } = this;
    if (unreadable !== undefined) return unreadable;
    if (queue === '') return 'it names no queue';
    // Decoding it to U+FFFD would name another queue.
    if (queue.includes('\ufffd') && !isUtf8(this.#raw)) return 'the name of its queue is not valid UTF-8';
    const kept = this.#fields.member('payload_base64');
    const payload =
      kept === undefined
        ? shownPayload(this.#raw, this.#fields.member('payload'), this.#payload)
        : keptPayload(this.#fields.value('payload_base64'));
    return typeof payload === 'string' ? payload : { queue, payload };
  }
}

const OPEN_BRACE = '{'.charCodeAt(0);

function shownPayload(raw: Buffer, member: Member | undefined, payload: unknown): Requeue['payload'] | string {
  if (member === undefined) return 'it has no payload';
  const { from, to } = member;
  if (raw[from] === OPEN_BRACE) return payload === undefined ? 'its payload is no JSON' : { from, to };
  return `its payload is no job, but ${raw.toString('utf8', from, Math.min(to, from + 40))}`;
}

/** tsworker stores the exact bytes this way if they are not JSON, so that the entry is valid JSON. */
function keptPayload(text: unknown): Buffer | string {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  return bytes?.toString('base64') === text ? (bytes as Buffer) : 'its payload_base64 is not base64';
}

/** Ruby writes only the name of the zone, or its hours. */
const ODD_ZONE = /^(\d{4})[-/](\d\d)[-/](\d\d) (\d\d:\d\d:\d\d) (?:[A-Za-z]{2,5}|[+-]\d\d)$/;

/**
 * When it failed, in milliseconds since the epoch; undefined if unknown. A zone that JavaScript does not know by name
 * (`MSK`) is interpreted as that of this machine, where the worker most likely runs too.
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
