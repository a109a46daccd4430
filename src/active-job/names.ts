/** Names of ActiveJob's format. Pure. */

const PREFIX = 'ActiveJob::Serializers::';

/** ActiveJob's own serializers, as named in the payload. Range and BigDecimal: since Rails 7.1. */
export const SERIALIZERS = {
  symbol: `${PREFIX}SymbolSerializer`,
  date: `${PREFIX}DateSerializer`,
  time: `${PREFIX}TimeSerializer`,
  dateTime: `${PREFIX}DateTimeSerializer`,
  timeWithZone: `${PREFIX}TimeWithZoneSerializer`,
  duration: `${PREFIX}DurationSerializer`,
  decimal: `${PREFIX}BigDecimalSerializer`,
  range: `${PREFIX}RangeSerializer`,
  module: `${PREFIX}ModuleSerializer`,
} as const;

/** Keys that ActiveJob reserves: no hash of a job may have one. */
export const RESERVED = {
  globalId: '_aj_globalid',
  keywords: '_aj_ruby2_keywords',
  symbolKeys: '_aj_symbol_keys',
  serialized: '_aj_serialized',
  indifferent: '_aj_hash_with_indifferent_access',
} as const;

/** Deeper arguments are refused, in both directions. */
export const MOST_DEPTH = 500;
