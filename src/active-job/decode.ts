/**
 * ActiveJob's arguments as Rails 6.1 to 8.1 write them, to values: in the order of Rails' own tests (a GlobalID, a
 * serializer, a hash). Knows the format; what a GlobalID stands for, the caller knows.
 */
import { DeserializationError } from './errors.js';
import {
  BigDecimal,
  Duration,
  GlobalId,
  markHash,
  RESERVED,
  RubyDate,
  RubyModule,
  RubyRange,
  RubySymbol,
  RubyTime,
  SERIALIZERS,
} from './values.js';

export interface DecodeOptions {
  /** What a GlobalID stands for; the GlobalId itself where absent. Rejecting or throwing fails the job. */
  readonly globalId?: ((gid: GlobalId) => unknown) | undefined;
  /** Custom serializers by their Ruby class: what becomes of the hash that they wrote. */
  readonly serializers?: Readonly<Record<string, (hash: Readonly<Record<string, unknown>>) => unknown>> | undefined;
  /** true: symbols, dates and decimals stay what they are (RubySymbol, …). Default false: they become text. */
  readonly exact?: boolean | undefined;
}

const MOST_DEPTH = 500;

/**
 * @param given the `arguments` of a job, as decoded JSON
 * @returns the arguments; keyword arguments are the last, an object. A promise only where a resolver returned one.
 * @throws DeserializationError where one cannot be decoded
 */
export function decodeArguments(
  given: readonly unknown[],
  options: DecodeOptions = {},
): unknown[] | Promise<unknown[]> {
  return gather(given.map((item) => decodeValue(item, options, 0)));
}

function gather(values: readonly unknown[]): unknown[] | Promise<unknown[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : [...values];
}

type Hash = Readonly<Record<string, unknown>>;

function decodeValue(value: unknown, options: DecodeOptions, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEPTH) throw new DeserializationError('the arguments are nested too deeply');
  if (Array.isArray(value)) return gather(value.map((item) => decodeValue(item, options, depth + 1)));
  const hash = value as Hash;
  if (Object.keys(hash).length === 1 && Object.hasOwn(hash, RESERVED.globalId)) return resolve(hash, options);
  if (Object.hasOwn(hash, RESERVED.serialized)) return decodeSerialized(hash, options, depth);
  return decodeHash(hash, options, depth);
}

function resolve(hash: Hash, { globalId }: DecodeOptions): unknown {
  const uri = hash[RESERVED.globalId];
  const gid = typeof uri === 'string' ? GlobalId.parse(uri) : undefined;
  if (gid === undefined) throw new DeserializationError(`${JSON.stringify(uri)} is not a GlobalID`);
  if (globalId === undefined) return gid;
  const failed = (cause: unknown) => new DeserializationError(`${gid} could not be loaded`, { cause });
  const found = (record: unknown) => {
    if (record === undefined || record === null) throw new DeserializationError(`couldn't find ${gid}`);
    return record;
  };
  let record: unknown;
  try {
    record = globalId(gid);
  } catch (cause) {
    throw failed(cause);
  }
  if (!isThenable(record)) return found(record);
  return Promise.resolve(record).then(found, (cause) => {
    throw failed(cause);
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function decodeSerialized(hash: Hash, options: DecodeOptions, depth: number): unknown {
  const name = hash[RESERVED.serialized];
  if (typeof name !== 'string') throw new DeserializationError('a serializer without a name');
  const custom = options.serializers;
  if (custom !== undefined && Object.hasOwn(custom, name)) return custom[name](hash);
  const { value } = hash;
  switch (name) {
    case SERIALIZERS.symbol:
      return options.exact ? new RubySymbol(text(value, name)) : text(value, name);
    case SERIALIZERS.date:
      return options.exact ? new RubyDate(text(value, name)) : text(value, name);
    case SERIALIZERS.bigDecimal:
      return options.exact ? new BigDecimal(text(value, name)) : text(value, name);
    case SERIALIZERS.time:
      return time(new RubyTime(text(value, name), 'Time'));
    case SERIALIZERS.dateTime:
      return time(new RubyTime(text(value, name), 'DateTime'));
    case SERIALIZERS.timeWithZone: {
      const zone = hash.time_zone;
      return time(new RubyTime(text(value, name), 'TimeWithZone', typeof zone === 'string' ? zone : undefined));
    }
    case SERIALIZERS.module:
      return new RubyModule(text(value, name));
    case SERIALIZERS.duration:
      return decodeDuration(hash, name);
    case SERIALIZERS.range:
      return decodeRange(hash, options, depth);
    default:
      throw new DeserializationError(`Serializer ${name} is not known`);
  }
}

function text(value: unknown, serializer: string): string {
  if (typeof value === 'string') return value;
  throw new DeserializationError(`${serializer} needs a text, not ${JSON.stringify(value) ?? 'nothing'}`);
}

function time(value: RubyTime): RubyTime {
  if (!Number.isNaN(value.getTime())) return value;
  throw new DeserializationError(`${JSON.stringify(value.text)} is not a time`);
}

function decodeDuration({ value, parts }: Hash, name: string): Duration {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new DeserializationError(`${name} needs a number`);
  if (!Array.isArray(parts)) return new Duration(value);
  return new Duration(
    value,
    parts.map((part: unknown) => {
      const [unit, count] = Array.isArray(part) ? (part as unknown[]) : [];
      const known = decodeValue(unit, {}, 0);
      if (typeof known !== 'string' || (typeof count !== 'number' && typeof count !== 'bigint'))
        throw new DeserializationError(`${name} has a part that is not a unit and a number`);
      return [known, count] as const;
    }),
  );
}

/** Its ends are arguments themselves. */
function decodeRange(hash: Hash, options: DecodeOptions, depth: number): RubyRange | Promise<RubyRange> {
  const ends = gather([decodeValue(hash.begin, options, depth + 1), decodeValue(hash.end, options, depth + 1)]);
  const range = ([begin, end]: unknown[]) => new RubyRange(begin, end, hash.exclude_end === true);
  return ends instanceof Promise ? ends.then(range) : range(ends);
}

const MARKERS: readonly string[] = [RESERVED.symbolKeys, RESERVED.keywords, RESERVED.indifferent];

function decodeHash(hash: Hash, options: DecodeOptions, depth: number): unknown {
  const keys = Object.keys(hash).filter((key) => !MARKERS.includes(key));
  const values = gather(keys.map((key) => decodeValue(hash[key], options, depth + 1)));
  const build = (all: readonly unknown[]) => {
    const decoded: Record<string, unknown> = {};
    keys.forEach((key, i) => {
      // Not by assignment: `__proto__` is a key like any other.
      Object.defineProperty(decoded, key, { value: all[i], enumerable: true, configurable: true, writable: true });
    });
    return markHash(decoded, kindOf(hash));
  };
  return values instanceof Promise ? values.then(build) : build(values);
}

/** In Rails' order. */
function kindOf(hash: Hash) {
  if (Object.hasOwn(hash, RESERVED.indifferent)) return { kind: 'indifferent' } as const;
  if (Object.hasOwn(hash, RESERVED.symbolKeys))
    return { kind: 'symbol keys', keys: names(hash[RESERVED.symbolKeys]) } as const;
  if (Object.hasOwn(hash, RESERVED.keywords))
    return { kind: 'keywords', keys: names(hash[RESERVED.keywords]) } as const;
  return { kind: 'plain' } as const;
}

function names(keys: unknown): readonly string[] {
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}
