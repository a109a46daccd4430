/** The Ruby form of an object: which keys are symbols, and whether it is keyword arguments. Pure. */

export type HashKind =
  | { readonly kind: 'symbol keys' | 'keywords'; readonly keys: readonly string[] }
  | { readonly kind: 'indifferent' }
  /** The payload does not tell. */
  | { readonly kind: 'plain' };

/** A hidden property of the object. */
const HASH = Symbol.for('tsworker.ruby-hash');

export function markHash<T extends object>(hash: T, kind: HashKind): T {
  return Object.defineProperty(hash, HASH, { value: kind, enumerable: false, configurable: true, writable: true });
}

/** undefined if unknown. */
export function hashKindOf(hash: object): HashKind | undefined {
  return (hash as { [HASH]?: HashKind })[HASH];
}

/** A hash with symbols for keys: `symbolKeys({ a: 1 })` is `{ a: 1 }` in Ruby, and `{ a: 1 }` is `{ "a" => 1 }`. */
export function symbolKeys<T extends object>(hash: T): T {
  return markHash({ ...hash }, { kind: 'symbol keys', keys: Object.keys(hash) });
}

/** Keyword arguments, the last argument: `perform(1, format: "pdf")` in Ruby takes `1, keywords({ format: 'pdf' })`. */
export function keywords<T extends object>(hash: T): T {
  return markHash({ ...hash }, { kind: 'keywords', keys: Object.keys(hash) });
}

/** A HashWithIndifferentAccess. */
export function indifferentAccess<T extends object>(hash: T): T {
  return markHash({ ...hash }, { kind: 'indifferent' });
}
