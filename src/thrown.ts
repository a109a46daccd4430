/**
 * Copies thrown values into plain data. A thrown value is foreign code: its getters may throw, it may be a revoked Proxy,
 * frozen, endless or 100 MB large. So it is read here, guarded and bounded, where it is caught; no other file reads the
 * value itself. Never throws.
 */
import { inspect } from 'node:util';
import * as globals from './globals.js';
import { userFrames } from './user-frames.js';

/** Characters of the message, and of the stack. */
const MAX_MESSAGE = 100_000;
/** Characters of the stack of a cause. */
const MAX_STACK = 10_000;
/** Characters of a name, a field, and of the message of a cause. */
const MAX_TEXT = 1_000;
/** Errors in one chain, parts of AggregateErrors counted together. */
const MAX_ERRORS = 50;
const MAX_FIELDS = 32;
/** Fields that are read of an object that is not an error. */
const MAX_VALUES = 1_000;

type Primitive = string | number | boolean | bigint | null;

interface Contents {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The text of a thrown value that is not an error. */
  readonly cause?: CaughtError | string | undefined;
  readonly errors?: readonly (CaughtError | string)[] | undefined;
  /** How many errors the AggregateError has: `errors` may contain fewer. */
  readonly count?: number | undefined;
  readonly fields?: readonly (readonly [string, Primitive])[];
}

/**
 * A copy of a thrown value: only text and numbers, bounded. Only {@link asError} creates it, so a parameter of this type
 * is never a foreign value.
 */
export class CaughtError extends Error {
  declare readonly cause: CaughtError | string | undefined;
  /** The errors of an AggregateError. */
  declare readonly errors: readonly (CaughtError | string)[] | undefined;
  /** How many there were before the list was cut. */
  declare readonly partCount: number;
  /** Makes the type nominal. A private field is checked without calling a Proxy's traps. */
  readonly #ours = true;

  /** Only for {@link asError}. */
  constructor({ name, message, stack, cause, errors, count, fields = [] }: Contents) {
    super(message);
    // A logger would show the class of the copy as the error's type: without it, it shows the name.
    hide(this, 'constructor', undefined);
    hide(this, 'name', name);
    hide(this, 'stack', stack);
    if (cause !== undefined) hide(this, 'cause', cause);
    if (errors !== undefined) hide(this, 'errors', errors);
    hide(this, 'partCount', count ?? 0);
    for (const [key, value] of fields)
      Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
  }

  static isOne(thrown: unknown): thrown is CaughtError {
    return isObject(thrown) && #ours in thrown;
  }
}

function hide(error: object, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * Copies a thrown value: name (`static rubyName` of its class, else its own, else the class's; never empty), message,
 * stack, causes, the errors of an AggregateError, and the fields that are text, numbers or booleans (`code`, `status`,
 * …). A job may also throw a string, `undefined` or a plain object: the message then shows the value.
 */
export function asError(thrown: unknown): CaughtError {
  return readWith((stack) => stack, thrown);
}

/** The same for an error of a job: its stacks show the frames of the job, without those of the code that ran it. */
export function asJobError(thrown: unknown): CaughtError {
  return readWith(userFrames, thrown);
}

/** A job may also have replaced the functions that read it. */
function readWith(frames: (stack: string) => string, thrown: unknown): CaughtError {
  if (CaughtError.isOne(thrown)) return thrown;
  const unreadable = { name: 'Error', message: `thrown: it (${typeof thrown}) cannot be read`, stack: '' };
  return attempt(() => new Reader(frames).first(thrown)) ?? new CaughtError(unreadable);
}

/** Whether an error is the result of an aborted signal: the reason itself, or the error that Node's APIs throw for it. */
export function isCausedBy(thrown: unknown, reason: Error): boolean {
  return thrown === reason || read(thrown, 'name') === 'AbortError' || read(thrown, 'cause') === reason;
}

/** Reads one thrown value with its causes and parts. */
class Reader {
  readonly #seen = new globals.Set<unknown>();
  readonly #frames: (stack: string) => string;
  #left = MAX_ERRORS;

  constructor(frames: (stack: string) => string) {
    this.#frames = frames;
  }

  first(thrown: unknown): CaughtError {
    if (isError(thrown)) return this.#copy(thrown, MAX_MESSAGE, MAX_MESSAGE);
    const message = typeof thrown === 'string' ? cut(thrown, MAX_MESSAGE) : `thrown: ${describe(thrown)}`;
    return new CaughtError({ name: 'Error', message, stack: '' });
  }

  #next(thrown: unknown): CaughtError | string {
    if (isError(thrown)) return this.#copy(thrown, MAX_TEXT, MAX_STACK);
    return typeof thrown === 'string' ? cut(thrown, MAX_TEXT) : describe(thrown);
  }

  #copy(error: object, maxMessage: number, maxStack: number): CaughtError {
    this.#left--;
    const full = asText(read(error, 'message'));
    const [name, message] = [nameOf(error), cut(full, maxMessage)];
    // A value that contains itself is named, and not read again.
    if (this.#seen.has(error)) return new CaughtError({ name, message, stack: '' });
    this.#seen.add(error);
    const stack = stackOf(error, full, message, maxStack, this.#frames);
    return new CaughtError({ name, message, stack, ...this.#children(error), fields: fieldsOf(error) });
  }

  #children(error: object): Pick<Contents, 'cause' | 'errors' | 'count'> {
    const thrown = read(error, 'cause');
    const hasCause = thrown !== undefined && thrown !== null && typeof thrown !== 'function' && this.#left > 0;
    const cause = hasCause ? this.#next(thrown) : undefined;
    const parts = read(error, 'errors');
    const count = isObject(parts) ? read(parts, 'length') : undefined;
    if (typeof count !== 'number') return { cause };
    const errors: (CaughtError | string)[] = [];
    while (errors.length < count && errors.length < MAX_ERRORS && this.#left > 0)
      errors.push(this.#next(read(parts, errors.length)));
    return { cause, errors, count };
  }
}

/** An Error, or an object that looks like one. */
function isError(thrown: unknown): thrown is object {
  if (!isObject(thrown)) return false;
  return (attempt(() => thrown instanceof Error) ?? false) || typeof read(thrown, 'message') === 'string';
}

/**
 * `static rubyName` of the class, so that Ruby's filters know the error. `class Declined extends Error {}` has the inherited
 * name "Error"; the class says more, and Ruby shows the class.
 */
function nameOf(error: object): string {
  const rubyName = read(read(error, 'constructor'), 'rubyName');
  if (typeof rubyName === 'string' && rubyName !== '') return cut(rubyName, MAX_TEXT);
  const name = read(error, 'name');
  const own = typeof name === 'string' ? name : '';
  if (own !== '' && own !== 'Error') return cut(own, MAX_TEXT);
  const className = read(read(error, 'constructor'), 'name');
  if (typeof className === 'string' && className !== '' && className !== 'Object') return cut(className, MAX_TEXT);
  return 'Error';
}

/** V8 puts the message before the frames: a long message is cut there too, so that the frames remain. */
function stackOf(error: object, full: string, message: string, max: number, frames: (stack: string) => string): string {
  const stack = asText(read(error, 'stack'));
  const at = full === '' ? -1 : stack.indexOf(full);
  if (at === -1) return frames(cut(stack, max));
  return cut(stack.slice(0, at), max) + message + frames(cut(stack.slice(at + full.length), max));
}

const READ = new globals.Set(['name', 'message', 'stack', 'cause', 'errors', 'constructor', 'partCount', '__proto__']);

function fieldsOf(error: object): [string, Primitive][] {
  const fields: [string, Primitive][] = [];
  for (const key of (attempt(() => Object.keys(error)) ?? []).slice(0, MAX_FIELDS)) {
    const value = READ.has(key) ? undefined : read(error, key);
    if (typeof value === 'string') fields.push([cut(key, MAX_TEXT), cut(value, MAX_TEXT)]);
    else if (typeof value === 'bigint') fields.push([cut(key, MAX_TEXT), cut(value.toString(), MAX_TEXT)]);
    else if (typeof value === 'number' || typeof value === 'boolean') fields.push([cut(key, MAX_TEXT), value]);
  }
  return fields;
}

/** A short text for a value that is not an error: its JSON if that is short. */
function describe(thrown: unknown): string {
  const short = { depth: 2, maxArrayLength: 20, maxStringLength: MAX_TEXT, compact: true, breakLength: MAX_TEXT };
  const text =
    (isObject(thrown) ? attempt(() => shortJson(thrown)) : attempt(() => String(thrown))) ??
    attempt(() => inspect(thrown, { ...short, customInspect: false, showProxy: true }));
  return text === undefined ? `a ${typeof thrown} that cannot be shown` : cut(text, MAX_TEXT);
}

/** Throws if it would be long. */
function shortJson(value: object): string | undefined {
  let left = MAX_VALUES;
  return globals.JSON.stringify(value, (_key, one: unknown) => {
    if (left-- <= 0 || (typeof one === 'string' && one.length > MAX_MESSAGE)) throw new RangeError('too long');
    return one;
  });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function read(from: unknown, key: string | number): unknown {
  return attempt(() => (isObject(from) ? (from as Record<string | number, unknown>)[key] : undefined));
}

function asText(value: unknown): string {
  if (value === undefined) return '';
  return attempt(() => String(value)) ?? '(cannot be shown)';
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}… (cut)` : text;
}
