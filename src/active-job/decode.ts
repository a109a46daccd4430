/**
 * Decodes ActiveJob's arguments as Rails 6.1 to 8.1 write them; checks the forms in the order of Rails' own tests (a
 * GlobalID, a serializer, a hash). GlobalIDs are resolved by the caller.
 */
import { DeserializationError } from './errors.js';
import { type GlobalId, parseGlobalId } from './global-id.js';
import { type HashKind, markHash } from './hashes.js';
import { MOST_DEPTH, RESERVED, SERIALIZERS } from './names.js';
import {
  BigDecimal,
  type Count,
  Duration,
  isValidText,
  RubyDate,
  RubyModule,
  RubyRange,
  RubySymbol,
  RubyTime,
  type TimeClass,
} from './values.js';

/** The output of an application's own serializer, its members decoded. */
export type SerializedFields = Readonly<Record<string, unknown>>;

export interface DecodeOptions {
  /** Resolves a GlobalID; absent: the result is the GlobalId itself. */
  readonly globalId?: ((gid: GlobalId) => unknown) | undefined;
  /** The application's own serializers, by their Ruby class. */
  readonly serializers?: Readonly<Record<string, (fields: SerializedFields) => unknown>> | undefined;
  /** true: symbols, dates and decimals are RubySymbol, RubyDate and BigDecimal. Default false: texts. */
  readonly exact?: boolean | undefined;
  /** Whether an error of `globalId` and `serializers` is thrown unchanged. Default: none is. */
  readonly passes?: ((thrown: unknown) => boolean) | undefined;
}

/**
 * @param given the `arguments` of a job, as decoded JSON
 * @returns the arguments; keyword arguments are the last, an object. A promise only if `globalId` or a serializer
 * returned one
 * @throws DeserializationError, or rejects with it, if one cannot be decoded
 */
export function decodeArguments(given: unknown, options: DecodeOptions = {}): unknown[] | Promise<unknown[]> {
  // As in Rails: a job without the member has no arguments.
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw new DeserializationError(`the arguments are ${described(given)}, not a list`);
  return new Decoder(options).decode(given as unknown[], 0);
}

type Hash = Readonly<Record<string, unknown>>;

/** A value that is still loading. */
class Late {
  readonly value: PromiseLike<unknown>;

  constructor(value: PromiseLike<unknown>) {
    this.value = value;
  }
}

class Decoder {
  readonly #options: DecodeOptions;
  /** Pending values; each writes itself to its place. */
  readonly #late: Promise<void>[] = [];

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  /** For one list or one object; pending values make it a promise. */
  decode<T extends object>(given: T, depth: number): T | Promise<T> {
    try {
      const decoded = (Array.isArray(given) ? this.#list(given, depth) : this.#members(given as Hash, depth)) as T;
      return this.#late.length === 0 ? decoded : Promise.all(this.#late).then(() => decoded);
    } catch (error) {
      // They are not awaited any more: their rejections must not end the process.
      for (const late of this.#late) late.catch(() => {});
      throw error;
    }
  }

  #list(given: readonly unknown[], depth: number): unknown[] {
    const decoded = new Array<unknown>(given.length);
    for (let i = 0; i < given.length; i++) this.#put(decoded, i, given[i], depth);
    return decoded;
  }

  #members(hash: Hash, depth: number): Record<string, unknown> {
    const decoded: Record<string, unknown> = {};
    for (const key of Object.keys(hash)) if (!MARKERS.has(key)) this.#put(decoded, key, hash[key], depth);
    return decoded;
  }

  #put(into: object, key: string | number, given: unknown, depth: number): void {
    const value = this.#value(given, depth);
    if (value instanceof Late) {
      set(into, key, undefined); // Keeps the order of the keys.
      this.#late.push(Promise.resolve(value.value).then((one) => set(into, key, one)));
    } else set(into, key, value);
  }

  #value(given: unknown, depth: number): unknown {
    if (typeof given !== 'object' || given === null) return given;
    if (depth >= MOST_DEPTH) throw new DeserializationError('they are nested too deeply');
    if (Array.isArray(given)) return this.#list(given, depth + 1);
    const hash = given as Hash;
    if (Object.hasOwn(hash, RESERVED.globalId) && Object.keys(hash).length === 1) return this.#record(hash);
    if (Object.hasOwn(hash, RESERVED.serialized)) return this.#serialized(hash, depth + 1);
    return markHash(this.#members(hash, depth + 1), kindOf(hash));
  }

  #record(hash: Hash): unknown {
    const uri = hash[RESERVED.globalId];
    const gid = typeof uri === 'string' ? parseGlobalId(uri) : undefined;
    if (gid === undefined) throw new DeserializationError(`${described(uri)} is no GlobalID`);
    const { globalId } = this.#options;
    if (globalId === undefined) return gid;
    return this.#ask(
      `${gid.uri} could not be loaded`,
      () => globalId(gid),
      (record) => {
        if (record === undefined || record === null)
          throw new DeserializationError(`Couldn't find ${gid.model} with id ${gid.id} (${gid.uri})`, 'STATE');
        return record;
      },
    );
  }

  /** Calls a function of the application. */
  #ask(failed: string, call: () => unknown, check: (value: unknown) => unknown): unknown {
    const wrapped = (thrown: unknown) =>
      this.#options.passes?.(thrown) === true ? thrown : new DeserializationError(failed, 'STATE', thrown);
    let value: unknown;
    try {
      value = call();
      if (isThenable(value))
        return new Late(
          Promise.resolve(value).then(check, (thrown) => {
            throw wrapped(thrown);
          }),
        );
    } catch (thrown) {
      throw wrapped(thrown);
    }
    return check(value);
  }

  #serialized(hash: Hash, depth: number): unknown {
    const name = hash[RESERVED.serialized];
    if (typeof name !== 'string') throw new DeserializationError(`a serializer is ${described(name)}, not a name`);
    const { serializers } = this.#options;
    if (serializers !== undefined && Object.hasOwn(serializers, name))
      return this.#custom(name, serializers[name], hash, depth);
    return this.#builtIn(name, hash, depth);
  }

  #custom(name: string, serializer: (fields: SerializedFields) => unknown, hash: Hash, depth: number): unknown {
    const fields = new Decoder(this.#options).decode(hash, depth);
    const call = (all: SerializedFields) => this.#ask(`the serializer ${name} failed`, () => serializer(all), same);
    if (!(fields instanceof Promise)) return call(fields);
    return new Late(
      fields.then((all) => {
        const value = call(all);
        return value instanceof Late ? value.value : value;
      }),
    );
  }

  #builtIn(name: string, hash: Hash, depth: number): unknown {
    const exact = this.#options.exact === true;
    switch (name) {
      case SERIALIZERS.symbol:
        return exact ? new RubySymbol(textIn(hash, name, 'symbol')) : textIn(hash, name, 'symbol');
      case SERIALIZERS.date:
        return exact ? new RubyDate(textIn(hash, name, 'date')) : textIn(hash, name, 'date');
      case SERIALIZERS.decimal:
        return exact ? new BigDecimal(textIn(hash, name, 'decimal')) : textIn(hash, name, 'decimal');
      case SERIALIZERS.module:
        return new RubyModule(textIn(hash, name, 'module'));
      case SERIALIZERS.time:
        return timeIn(hash, name, 'Time');
      case SERIALIZERS.dateTime:
        return timeIn(hash, name, 'DateTime');
      case SERIALIZERS.timeWithZone:
        return timeIn(hash, name, 'TimeWithZone');
      case SERIALIZERS.duration:
        return durationIn(hash, name);
      case SERIALIZERS.range:
        return this.#range(hash, depth);
      default:
        throw new DeserializationError(`Serializer ${name.slice(0, MOST_SHOWN)} is not known`);
    }
  }

  /** Its ends are encoded like arguments. */
  #range(hash: Hash, depth: number): RubyRange {
    const range = new RubyRange(null, null, hash.exclude_end === true);
    this.#put(range, 'begin', hash.begin ?? null, depth);
    this.#put(range, 'end', hash.end ?? null, depth);
    return range;
  }
}

const MARKERS: ReadonlySet<string> = new Set([
  RESERVED.symbolKeys,
  RESERVED.keywords,
  RESERVED.indifferent,
  RESERVED.serialized,
]);

const same = (value: unknown) => value;

/** Not by assignment for `__proto__`, which is a key like any other. */
function set(into: object, key: string | number, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  else (into as Record<string | number, unknown>)[key] = value;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function textIn({ value }: Hash, serializer: string, kind: Parameters<typeof isValidText>[0]): string {
  if (typeof value === 'string' && isValidText(kind, value)) return value;
  throw new DeserializationError(`${serializer} cannot read ${described(value)}`);
}

function timeIn({ value, time_zone: zone }: Hash, serializer: string, rubyClass: TimeClass): RubyTime {
  const hasZone = rubyClass === 'TimeWithZone' && typeof zone === 'string';
  const time = typeof value === 'string' ? new RubyTime(value, rubyClass, hasZone ? zone : undefined) : undefined;
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw new DeserializationError(`${serializer} cannot read ${described(value)}`);
}

function durationIn({ value, parts }: Hash, serializer: string): Duration {
  const wrong = (what: unknown) => new DeserializationError(`${serializer} cannot read ${described(what)}`);
  if (!isCount(value)) throw wrong(value);
  if (!Array.isArray(parts)) throw wrong(parts);
  const read = (part: unknown): readonly [string, Count] => {
    const [unit, count] = Array.isArray(part) ? (part as unknown[]) : [];
    const name = isHash(unit) && unit[RESERVED.serialized] === SERIALIZERS.symbol ? unit.value : undefined;
    if (typeof name !== 'string' || !isCount(count)) throw wrong(part);
    return [name, count];
  };
  return new Duration(value, parts.map(read));
}

function isCount(value: unknown): value is Count {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isHash(value: unknown): value is Hash {
  return typeof value === 'object' && value !== null;
}

/** In Rails' order; in Ruby everything but nil and false is true. */
function kindOf(hash: Hash): HashKind {
  const has = (key: string) => Object.hasOwn(hash, key) && hash[key] !== null && hash[key] !== false;
  if (has(RESERVED.indifferent)) return { kind: 'indifferent' };
  if (has(RESERVED.symbolKeys)) return { kind: 'symbol keys', keys: namesIn(hash[RESERVED.symbolKeys]) };
  if (has(RESERVED.keywords)) return { kind: 'keywords', keys: namesIn(hash[RESERVED.keywords]) };
  return { kind: 'plain' };
}

function namesIn(keys: unknown): readonly string[] {
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

const MOST_SHOWN = 100;

/** Does not show the value as JSON: it may be cyclic, or contain a bigint. */
function described(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value);
  if (typeof value !== 'object') return value === undefined ? 'nothing' : String(value).slice(0, MOST_SHOWN);
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : 'an object';
}
