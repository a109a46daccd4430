/** The failed entry, in Ruby Resque's fields and order, as the text around a payload that is spliced in untouched. Pure. */

import * as globals from '../globals.js';
import type { RetryState } from '../job.js';
import type { CaughtError } from '../thrown.js';

const MAX_LINE = 1_000;
const MAX_LINES = 200;
/** Lines for each error of a chain, so that a deep stack does not displace its cause. */
const MAX_LINES_EACH = 100;

export interface FailureContext {
  /** The id of the Resque worker that ran the job. */
  readonly workerId: string;
  readonly queue: string;
  readonly failedAt: Date;
  /** The exact payload, if it was not strict JSON and is inserted as text: kept as base64 for a retry. */
  readonly raw?: Buffer;
  /** Where the job had run before. */
  readonly retry?: RetryState | undefined;
}

export interface FailureParts {
  readonly head: string;
  readonly tail: string;
}

/**
 * The failed entry is `head + payloadJson + tail`.
 *
 * `exception` is the error's name, `error` its message, `backtrace` the stack without the message, with causes and the
 * parts of an AggregateError, at most 200 lines. Lone surrogates become U+FFFD: Ruby refuses a text that has them.
 */
export function failureParts(error: CaughtError, context: FailureContext): FailureParts {
  const fields = {
    exception: wellFormed(error.name),
    error: wellFormed(error.message),
    backtrace: backtraceOf(error),
    worker: wellFormed(context.workerId),
    queue: wellFormed(context.queue),
    payload_base64: context.raw?.toString('base64'),
    attempts: context.retry?.attempt,
    first_failed_at: context.retry?.firstFailedAt,
    retries: context.retry?.errors,
  };
  return {
    head: `{"failed_at":"${resqueTime(context.failedAt)}","payload":`,
    tail: `,${globals.JSON.stringify(fields).slice(1)}`,
  };
}

/** `2026/11/24 02:58:25 UTC`: what Ruby writes, and resque-web and DateTime.parse read. */
export function resqueTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')} UTC`;
}

/** Stack lines without the message, then causes and the parts of an AggregateError; at most 200 lines. */
function backtraceOf(error: CaughtError): string[] {
  const lines: string[] = [];
  collect(error, lines);
  return lines.slice(0, MAX_LINES);
}

function collect(error: CaughtError, lines: string[]): void {
  lines.push(...stackLines(error));
  if (error.cause !== undefined) collectNext('caused by', error.cause, lines);
  const parts = error.errors ?? [];
  for (let i = 0; i < parts.length; i++) collectNext(`error ${i + 1} of ${error.partCount}:`, parts[i], lines);
}

function collectNext(label: string, error: CaughtError | string, lines: string[]): void {
  if (lines.length >= MAX_LINES) return;
  const text = typeof error === 'string' ? error : `${error.name}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
  lines.push(clean(`${label} ${text}`, MAX_LINE));
  if (typeof error !== 'string') collect(error, lines);
}

/** V8 writes the message, which may have lines of its own, before the frames; frames begin with `at`. */
function stackLines({ stack = '', message }: CaughtError): string[] {
  const start = message === '' ? -1 : stack.indexOf(message);
  const frames = start === -1 ? stack : stack.slice(start + message.length);
  const lines: string[] = [];
  for (const line of frames.split('\n')) {
    const frame = /^\s+at (.+)$/.exec(line);
    if (frame !== null && lines.length < MAX_LINES_EACH) lines.push(clean(frame[1] ?? '', MAX_LINE));
  }
  return lines;
}

/** Cut first: the cut may itself halve a surrogate pair. */
function clean(text: string, max: number): string {
  return wellFormed(text.length > max ? `${text.slice(0, max)}… (cut)` : text);
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
