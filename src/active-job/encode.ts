/** Values to ActiveJob's arguments, so that Rails 6.1 to 8.1 runs them. The opposite of decode.ts. */
import { SerializationError } from './errors.js';
import {
  keywords as asKeywords,
  BigDecimal,
  Duration,
  GlobalId,
  hashKindOf,
  RESERVED,
  RubyDate,
  RubyModule,
  RubyRange,
  RubySymbol,
  RubyTime,
  SERIALIZERS,
} from './values.js';

/**
 * @param keywords keyword arguments, which come last
 * @returns what JSON can carry (integers beyond 2^53 are bigint)
 * @throws SerializationError where Rails has no form for a value; names the place
 */
export function encodeArguments(args: readonly unknown[], keywords?: Readonly<Record<string, unknown>>): unknown[] {
  const all = keywords === undefined ? args : [...args, asKeywords(keywords)];
  return all.map((value, i) => encodeValue(value, `arguments[${i}]`, []));
}

function encodeValue(value: unknown, place: string, within: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new SerializationError(`${place} is ${value}: JSON has no such number`);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : encodeObject(value, place, within);
    default:
      throw new SerializationError(`${place} is a ${typeof value}: ActiveJob cannot carry it`);
  }
}

function encodeObject(value: object, place: string, within: readonly object[]): unknown {
  if (within.includes(value)) throw new SerializationError(`${place} contains itself`);
  const inside = [...within, value];
  if (Array.isArray(value)) return value.map((item, i) => encodeValue(item, `${place}[${i}]`, inside));
  if (value instanceof GlobalId) return { [RESERVED.globalId]: value.uri };
  if (value instanceof RubySymbol) return serialized(SERIALIZERS.symbol, value.name);
  if (value instanceof RubyDate) return serialized(SERIALIZERS.date, value.text);
  if (value instanceof BigDecimal) return serialized(SERIALIZERS.bigDecimal, value.text);
  if (value instanceof RubyModule) return serialized(SERIALIZERS.module, value.name);
  if (value instanceof Date) return encodeTime(value, place);
  if (value instanceof Duration) return encodeDuration(value);
  if (value instanceof RubyRange) return encodeRange(value, place, inside);
  return encodeHash(value as Readonly<Record<string, unknown>>, place, inside);
}

const serialized = (name: string, value: unknown) => ({ [RESERVED.serialized]: name, value });

function encodeTime(value: Date, place: string): unknown {
  if (Number.isNaN(value.getTime())) throw new SerializationError(`${place} is an invalid Date`);
  if (!(value instanceof RubyTime)) return serialized(SERIALIZERS.time, value.toISOString().replace('Z', '000000Z'));
  if (value.kind === 'Time') return serialized(SERIALIZERS.time, value.text);
  if (value.kind === 'DateTime') return serialized(SERIALIZERS.dateTime, value.text);
  const zone = value.zone === undefined ? {} : { time_zone: value.zone };
  return { ...serialized(SERIALIZERS.timeWithZone, value.text), ...zone };
}

function encodeDuration({ seconds, parts }: Duration): unknown {
  const encoded = parts.map(([unit, count]) => [serialized(SERIALIZERS.symbol, unit), count]);
  return { ...serialized(SERIALIZERS.duration, seconds), parts: encoded };
}

function encodeRange({ begin, end, excludesEnd }: RubyRange, place: string, within: readonly object[]): unknown {
  return {
    [RESERVED.serialized]: SERIALIZERS.range,
    begin: encodeValue(begin, `${place}.begin`, within),
    end: encodeValue(end, `${place}.end`, within),
    exclude_end: excludesEnd,
  };
}

const TAKEN: ReadonlySet<string> = new Set(Object.values(RESERVED));

function encodeHash(hash: Readonly<Record<string, unknown>>, place: string, within: readonly object[]): unknown {
  const prototype: unknown = Object.getPrototypeOf(hash);
  if (prototype !== Object.prototype && prototype !== null)
    throw new SerializationError(`${place} is an object of a class: ActiveJob carries plain objects`);
  const encoded: Record<string, unknown> = {};
  for (const key of Object.keys(hash)) {
    if (TAKEN.has(key)) throw new SerializationError(`${place} has the key ${key}, which ActiveJob keeps for itself`);
    const value = encodeValue(hash[key], `${place}.${key}`, within);
    Object.defineProperty(encoded, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return Object.assign(encoded, marker(hash));
}

/** Of a hash of which nothing is known all keys are strings. */
function marker(hash: object): object {
  const kind = hashKindOf(hash);
  if (kind?.kind === 'indifferent') return { [RESERVED.indifferent]: true };
  const known = kind === undefined || kind.kind === 'plain' ? [] : kind.keys.filter((key) => Object.hasOwn(hash, key));
  return kind?.kind === 'keywords' ? { [RESERVED.keywords]: known } : { [RESERVED.symbolKeys]: known };
}
