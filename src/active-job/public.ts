/** The public API for ActiveJob's format: re-exports only. */
export type { SerializedFields } from './decode.js';
export { DeserializationError, SerializationError } from './errors.js';
export { type GlobalId, gid } from './global-id.js';
export { indifferentAccess, keywords, symbolKeys } from './hashes.js';
export {
  BigDecimal,
  Duration,
  RubyDate,
  RubyModule,
  RubyObject,
  RubyRange,
  RubySymbol,
  RubyTime,
  symbol,
} from './values.js';
