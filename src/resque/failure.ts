/**
 * The failed entry, in Ruby Resque's fields and order, as the text around a payload that is spliced in untouched. Pure.
 * Knows only the format: whatever the error object does when it is read, an entry comes out, because a job whose failure
 * cannot be written down would be lost. An error is user code: its getters may throw, its name may be a number, it may
 * be a revoked Proxy; so every read is guarded.
 */
const MAX_MESSAGE = 100_000;
const MAX_LINE = 1_000;
const MAX_LINES = 200;
/** For each error of a chain, so that a deep stack leaves room for its cause. */
const MAX_LINES_EACH = 100;

export interface FailureContext {
  /** The id of the Resque worker that ran the job. */
  readonly workerId: string;
  readonly queue: string;
  readonly failedAt: Date;
  /** The exact payload, where it was not strict JSON and is spliced in as text: kept as base64 for a retry. */
  readonly raw?: Buffer;
}

export interface FailureParts {
  readonly head: string;
  readonly tail: string;
}

/**
 * The failed entry is `head + payloadJson + tail`. Never throws, whatever the error object is.
 *
 * `exception` is the error's name (the class's name where the class sets none), `error` its message, cut to 100,000
 * characters, `backtrace` the stack without the message, with causes and the parts of an AggregateError, at most 200
 * lines. Lone surrogates become U+FFFD: Ruby refuses a text that has them.
 */
export function failureParts(error: Error, context: FailureContext): FailureParts {
  const { name, message } = readError(error);
  const fields = {
    exception: name,
    error: message,
    backtrace: readBacktrace(error),
    worker: context.workerId.replace(/\p{Surrogate}/gu, '\ufffd'),
    queue: context.queue.replace(/\p{Surrogate}/gu, '\ufffd'),
    payload_base64: context.raw?.toString('base64'),
  };
  return {
    head: `{"failed_at":"${resqueTime(context.failedAt)}","payload":`,
    tail: `,${JSON.stringify(fields).slice(1)}`,
  };
}

/** `2026/11/24 02:58:25 UTC`: what Ruby writes, and resque-web and DateTime.parse read. */
export function resqueTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')} UTC`;
}

/** The error's name (never empty) and message, fit for JSON and for Ruby. */
function readError(error: unknown): { name: string; message: string } {
  return { name: clean(nameOf(error), MAX_LINE), message: clean(asText(read(error, 'message')), MAX_MESSAGE) };
}

/** Stack lines without the message, then causes and the parts of an AggregateError; at most 200 lines. */
function readBacktrace(error: unknown): string[] {
  const lines: string[] = [];
  collect(error, lines, new Set());
  return lines.slice(0, MAX_LINES);
}

function collect(error: unknown, lines: string[], seen: Set<unknown>): void {
  seen.add(error);
  lines.push(...stackLines(error));
  const cause = read(error, 'cause');
  if (cause !== undefined && cause !== null) collectNext('caused by', cause, lines, seen);
  const parts = read(error, 'errors');
  const count = read(parts, 'length');
  if (typeof parts !== 'object' || typeof count !== 'number') return;
  for (let i = 0; i < count && lines.length < MAX_LINES; i += 1) {
    collectNext(`error ${i + 1} of ${count}:`, read(parts, i), lines, seen);
  }
}

function collectNext(label: string, error: unknown, lines: string[], seen: Set<unknown>): void {
  if (lines.length >= MAX_LINES) return;
  lines.push(clean(`${label} ${oneLine(error)}`, MAX_LINE));
  if (!seen.has(error)) collect(error, lines, seen);
}

function oneLine(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return asText(thrown);
  const { name, message } = readError(thrown);
  return `${name}: ${message.replace(/\s*\n\s*/g, ' ')}`;
}

/** V8 writes the message, which may have lines of its own, before the frames; frames begin with `at`. */
function stackLines(error: unknown): string[] {
  const stack = asText(read(error, 'stack'));
  const message = asText(read(error, 'message'));
  const start = message === '' ? -1 : stack.indexOf(message);
  const frames = start === -1 ? stack : stack.slice(start + message.length);
  const lines: string[] = [];
  for (const line of frames.slice(0, MAX_MESSAGE).split('\n')) {
    const frame = /^\s+at (.+)$/.exec(line);
    if (frame !== null && lines.length < MAX_LINES_EACH) lines.push(clean(frame[1] ?? '', MAX_LINE));
  }
  return lines;
}

/** `class Declined extends Error {}` has the inherited name "Error"; the class says more, and Ruby shows the class. */
function nameOf(error: unknown): string {
  const name = read(error, 'name');
  const own = typeof name === 'string' ? name : '';
  if (own !== '' && own !== 'Error') return own;
  const className = read(read(error, 'constructor'), 'name');
  if (typeof className === 'string' && className !== '' && className !== 'Object') return className;
  return own === '' ? 'Error' : own;
}

function read(from: unknown, key: string | number): unknown {
  try {
    return from === undefined || from === null ? undefined : (from as Record<string | number, unknown>)[key];
  } catch {
    return undefined;
  }
}

function asText(value: unknown): string {
  if (value === undefined) return '';
  try {
    return String(value);
  } catch {
    return '(cannot be shown)';
  }
}

/** Cut first: the cut may itself halve a surrogate pair. */
function clean(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max)}… (cut)` : text;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd');
}
