/**
 * Payloads: bytes to class and arguments, and back. Pure.
 *
 * decodePayload runs once for each job, so the common payload costs one toString and one JSON.parse.
 */
import { isUtf8 } from 'node:buffer';
import { TsworkerError } from '../errors.js';
import * as globals from '../globals.js';
import type { DecodedPayload, JobLock } from '../job.js';
import { stringEnd } from './json-scan.js';
import { lockText } from './lock.js';

const RIGHT = 'a payload is a JSON object such as {"class":"Archive","args":[35,"tar"]}';
const LONG_DIGITS = /\d{16}/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d{16,}$/;
const KEY = /[ \n\t\r]*:/y;

/**
 * The class and arguments of a payload.
 * @param payload the bytes that the producer pushed
 * @param useNumber true: an integer literal outside ±(2^53 - 1) arrives as an exact `bigint`; false: JSON.parse rounds it
 * @returns the class, and the arguments ([] where `args` is missing or null)
 * @throws TsworkerError PAYLOAD if the bytes are not UTF-8, not strict JSON, or not an object with a string `class`
 *   and an `args` array
 */
export function decodePayload(payload: Buffer, useNumber: boolean): DecodedPayload {
  const text = payload.toString();
  // Bad UTF-8 always decodes to U+FFFD, so only a text that holds one needs the real check.
  if (text.includes('\ufffd') && !isUtf8(payload)) throw refusal('the payload is not valid UTF-8');
  return toPayload(parse(text, useNumber), 'the payload');
}

/**
 * Checks that a decoded value has the shape of a payload.
 * @param value anything
 * @param what names the value in the error
 * @throws TsworkerError PAYLOAD if it is not an object with a string `class`, and `args` an array, null or missing
 */
export function toPayload(value: unknown, what: string): DecodedPayload {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal(`${what} is ${describe(value)}, not an object`);
  }
  // Own properties only: `{"__proto__":{"class":"X"}}` has no class.
  const name: unknown = Object.hasOwn(value, 'class') ? (value as { class: unknown }).class : undefined;
  if (typeof name !== 'string') throw refusal(`${what}'s class is ${describe(name)}, not a string`);
  const args: unknown = Object.hasOwn(value, 'args') ? (value as { args: unknown }).args : undefined;
  if (!Array.isArray(args) && args !== undefined && args !== null)
    throw refusal(`${what}'s args are ${describe(args)}, not an array`);
  const job = { class: name, args: (args ?? []) as readonly unknown[] };
  const expiresAt = Object.hasOwn(value, 'tsworker')
    ? readExpiry((value as { tsworker: unknown }).tsworker)
    : undefined;
  return expiresAt === undefined ? job : { ...job, expiresAt };
}

/** undefined for a value that is not a valid time. */
function readExpiry(own: unknown): number | undefined {
  if (typeof own !== 'object' || own === null) return undefined;
  const { expires_at: expiresAt } = own as { expires_at?: unknown };
  return typeof expiresAt === 'number' && Number.isFinite(expiresAt) ? expiresAt : undefined;
}

function parse(text: string, useNumber: boolean): unknown {
  try {
    const value: unknown = globals.JSON.parse(text);
    return useNumber && LONG_DIGITS.test(text) ? reviveIntegers(text, value) : value;
  } catch (cause) {
    const reason = cause instanceof Error ? withoutExcerpt(cause.message) : String(cause);
    throw refusal(text === '' ? 'the payload is empty' : `the payload is not strict JSON (${reason})`, cause);
  }
}

/** V8 quotes some of the text, which may be a secret: this error is logged, stored and shown. */
function withoutExcerpt(reason: string): string {
  return reason.replace(/(?:^|, )(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '') || 'no JSON';
}

function refusal(wrong: string, cause?: unknown): TsworkerError {
  return new TsworkerError('PAYLOAD', `${wrong}; ${RIGHT}`, { cause });
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : 'missing';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * The payload text for a class and its arguments, keys in Ruby's order. As JSON.stringify writes it (`toJSON` is
 * honoured, `undefined` in a list is null), but a `bigint` is written as an exact integer. A `number` from 2^53 up is
 * also an integer in JSON, so it comes back as a `bigint`; -0 comes back as 0.
 * @param fields further members of the payload
 * @param own written into the member `tsworker`, which other programs ignore
 * @throws TsworkerError PAYLOAD if the class is empty, or a value cannot be encoded: a function, a symbol, NaN, an
 *   infinity, a cycle, text with a lone surrogate (Ruby cannot read it). The message names the place.
 */
export function encodePayload(
  className: string,
  args: readonly unknown[],
  fields: Readonly<Record<string, string>> = {},
  own: OwnFields = {},
): string {
  if (typeof className !== 'string' || className === '') {
    throw new TsworkerError('PAYLOAD', 'a job needs the name of its class: a string that is not empty');
  }
  if (!Array.isArray(args)) throw new TsworkerError('PAYLOAD', `the args of ${className} must be an array`);
  try {
    const more = Object.entries(fields).map(
      ([key, value]) => `,${globals.JSON.stringify(key)}:${globals.JSON.stringify(value)}`,
    );
    return `{"class":${text(className, 'class')},"args":${encode(args, '', 'args', [])}${more.join('')}${ownText(own)}}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TsworkerError('PAYLOAD', `the args of ${className} are nested too deeply or too large`, { cause: error });
  }
}

/** tsworker's own data about a job in its payload. */
export interface OwnFields {
  /** See {@link DecodedPayload}. */
  readonly expiresAt?: number | undefined;
  readonly lock?: JobLock | undefined;
}

/** The last member of a payload; '' if there is no data. */
export function ownText({ expiresAt, lock }: OwnFields): string {
  const fields = [
    ...(expiresAt === undefined ? [] : [`"expires_at":${Math.ceil(expiresAt)}`]),
    ...(lock === undefined ? [] : [`"unique":${lockText(lock)}`]),
  ];
  return fields.length === 0 ? '' : `,"tsworker":{${fields.join(',')}}`;
}

/** `at` names the place of the value in errors; `above` are the objects that contain it, to find cycles. */
function encode(given: unknown, key: string, at: string, above: object[]): string {
  const value = plain(given, key);
  switch (typeof value) {
    case 'string':
      return text(value, at);
    case 'number':
      if (!Number.isFinite(value)) throw cannot(at, `is ${value}, which JSON does not have`);
      return globals.JSON.stringify(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : container(value, at, above);
    default:
      throw cannot(at, `is a ${typeof value}, which JSON cannot carry`);
  }
}

function container(value: object, at: string, above: object[]): string {
  if (above.includes(value)) throw cannot(at, 'contains itself');
  above.push(value);
  const written = Array.isArray(value)
    ? `[${Array.from(value, (item: unknown, i) => encode(item, String(i), `${at}[${i}]`, above)).join(',')}]`
    : `{${members(value, at, above).join(',')}}`;
  above.pop();
  return written;
}

function members(value: object, at: string, above: object[]): string[] {
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  return present.map(([key, item]) => `${text(key, at)}:${encode(item, key, `${at}.${key}`, above)}`);
}

/** The value that JSON.stringify would encode: the result of `toJSON`, the value in `new Number(1)`. */
function plain(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  const seen: unknown = typeof toJSON === 'function' ? toJSON.call(value, key) : value;
  return seen instanceof Number || seen instanceof String || seen instanceof Boolean ? seen.valueOf() : seen;
}

function text(value: string, at: string): string {
  if (/\p{Surrogate}/u.test(value)) throw cannot(at, 'holds half a surrogate pair, which Ruby cannot read');
  return globals.JSON.stringify(value);
}

function cannot(at: string, why: string): TsworkerError {
  return new TsworkerError('PAYLOAD', `cannot enqueue: ${at} ${why}`);
}

/**
 * The value of a JSON text, integers outside ±(2^53 - 1) as `bigint`. Node 20's JSON.parse shows a reviver no source
 * text, so the text is rewritten first: every string value gets an `s` in front, and every large integer becomes a string
 * that begins with `n`. Since *every* string value is marked, no payload can pretend to be a number. Keys stay as they
 * are, so JSON.parse still makes `__proto__` a plain own property.
 * @param parsed what JSON.parse made of the text (so it is valid); returned when no literal is too large
 */
function reviveIntegers(text: string, parsed: unknown): unknown {
  const marked = mark(text);
  return marked === undefined ? parsed : unmark(globals.JSON.parse(marked));
}

function mark(text: string): string | undefined {
  const parts: string[] = [];
  let found = false;
  const markNumber = (literal: string): string => {
    if (!INTEGER.test(literal) || Number.isSafeInteger(Number(literal))) return literal;
    found = true;
    return `"n${literal}"`;
  };
  let at = 0;
  for (let open = text.indexOf('"'); open !== -1; open = text.indexOf('"', at)) {
    const end = stringEnd(text, open);
    parts.push(text.slice(at, open).replace(NUMBER, markNumber));
    KEY.lastIndex = end;
    parts.push(KEY.test(text) ? text.slice(open, end) : `"s${text.slice(open + 1, end)}`);
    at = end;
  }
  parts.push(text.slice(at).replace(NUMBER, markNumber));
  return found ? parts.join('') : undefined;
}

/** Walks with a list instead of recursion, so that depth costs memory, never the stack. */
function unmark(marked: unknown): unknown {
  const root: { value: unknown } = { value: marked };
  const waiting: object[] = [root];
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    const slots = holder as Record<string, unknown>;
    // Every key is an own property, so the assignment below never reaches the `__proto__` setter.
    for (const key of Object.keys(slots)) {
      const value = slots[key];
      if (typeof value === 'string') slots[key] = value[0] === 'n' ? BigInt(value.slice(1)) : value.slice(1);
      else if (typeof value === 'object' && value !== null) waiting.push(value);
    }
  }
  return root.value;
}
