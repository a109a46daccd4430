/** Encodes values as ActiveJob's arguments for Rails 6.1 to 8.1. The inverse of decode.ts. */
import { SerializationError } from './errors.js';
import type { GlobalId } from './global-id.js';
import { keywords as asKeywords, hashKindOf } from './hashes.js';
import { MOST_DEPTH, RESERVED, SERIALIZERS } from './names.js';
import { isoNanoseconds } from './time.js';
import {
  type BigDecimal,
  type Duration,
  isValidText,
  KIND,
  type RubyDate,
  type RubyModule,
  type RubyObject,
  type RubyRange,
  type RubySymbol,
  type RubyTime,
} from './values.js';

/**
 * @param keywords keyword arguments, which come last
 * @returns a JSON value; integers beyond 2^53 are bigint
 * @throws SerializationError if Rails has no form for a value; names the place
 */
export function encodeArguments(args: readonly unknown[], keywords?: Readonly<Record<string, unknown>>): unknown[] {
  const all = keywords === undefined ? args : [...args, asKeywords(keywords)];
  return Array.from(all, (value, i) => encodeValue(value, `arguments[${i}]`, []));
}

/** `within`: the objects that contain it, to find cycles. */
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

type RubyValue =
  | GlobalId
  | RubySymbol
  | RubyDate
  | BigDecimal
  | RubyModule
  | RubyTime
  | Duration
  | RubyRange
  | RubyObject;

function encodeObject(value: object, place: string, within: readonly object[]): unknown {
  if (within.includes(value)) throw new SerializationError(`${place} contains itself`);
  if (within.length >= MOST_DEPTH) throw new SerializationError('the arguments are nested too deeply');
  const inside = [...within, value];
  if (Array.isArray(value)) return Array.from(value, (item, i) => encodeValue(item, `${place}[${i}]`, inside));
  if (KIND in value) return encodeRubyValue(value as RubyValue, place, inside);
  if (value instanceof Date) return serialized(SERIALIZERS.time, isoNanoseconds(valid(value, place)));
  return encodeHash(value as Readonly<Record<string, unknown>>, place, inside);
}

const serialized = (name: string, value: unknown) => ({ [RESERVED.serialized]: name, value });

function encodeRubyValue(value: RubyValue, place: string, within: readonly object[]): unknown {
  switch (value[KIND]) {
    case 'globalId':
      return { [RESERVED.globalId]: value.uri };
    case 'symbol':
    case 'date':
    case 'decimal':
    case 'module':
      return encodeText(value, place);
    case 'time':
      return encodeTime(value, place);
    case 'duration':
      return encodeDuration(value, place);
    case 'range':
      return encodeRange(value, place, within);
    case 'object':
      return { [RESERVED.serialized]: value.serializer, ...encodeMembers(value.fields, place, within) };
    default:
      throw new SerializationError(`${place} is of no kind that this version knows`);
  }
}

function encodeText(value: RubySymbol | RubyDate | BigDecimal | RubyModule, place: string): unknown {
  const { text, [KIND]: kind } = value;
  if (typeof text === 'string' && isValidText(kind, text)) return serialized(SERIALIZERS[kind], text);
  throw new SerializationError(`${place} is no ${kind} that Ruby can read: ${String(text).slice(0, 100)}`);
}

function valid<T extends Date>(value: T, place: string): T {
  if (Number.isNaN(value.getTime())) throw new SerializationError(`${place} is an invalid Date`);
  return value;
}

function encodeTime(value: RubyTime, place: string): unknown {
  const { text, rubyClass, zone } = valid(value, place);
  if (rubyClass === 'Time') return serialized(SERIALIZERS.time, text);
  if (rubyClass === 'DateTime') return serialized(SERIALIZERS.dateTime, text);
  return { ...serialized(SERIALIZERS.timeWithZone, text), ...(zone === undefined ? {} : { time_zone: zone }) };
}

function encodeDuration({ seconds, parts }: Duration, place: string): unknown {
  const count = (value: unknown) => encodeValue(value, `${place} (a Duration)`, []);
  const encoded = parts.map(([unit, of]) => [serialized(SERIALIZERS.symbol, unit), count(of)]);
  return { ...serialized(SERIALIZERS.duration, count(seconds)), parts: encoded };
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
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new SerializationError(`${place} is an object of a class: ActiveJob carries plain objects`);
  return Object.assign(encodeMembers(hash, place, within), marker(hash));
}

/** Omits undefined members, as JSON does. */
function encodeMembers(hash: Readonly<Record<string, unknown>>, place: string, within: readonly object[]): object {
  const encoded: Record<string, unknown> = {};
  for (const key of Object.keys(hash)) {
    if (TAKEN.has(key)) throw new SerializationError(`${place} has the key ${key}, which ActiveJob reserves`);
    if (hash[key] === undefined) continue;
    const value = encodeValue(hash[key], `${place}.${key}`, within);
    Object.defineProperty(encoded, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return encoded;
}

/** The keys of a hash without further information are strings. */
function marker(hash: Readonly<Record<string, unknown>>): object {
  const kind = hashKindOf(hash);
  if (kind === undefined) return { [RESERVED.symbolKeys]: [] };
  if (kind.kind === 'plain') return {};
  if (kind.kind === 'indifferent') return { [RESERVED.indifferent]: true };
  const known = kind.keys.filter((key) => hash[key] !== undefined && Object.hasOwn(hash, key));
  return kind.kind === 'keywords' ? { [RESERVED.keywords]: known } : { [RESERVED.symbolKeys]: known };
}
