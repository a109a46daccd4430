/**
 * Values that Ruby has and JSON has not, as ActiveJob carries them. Each keeps the exact text that Ruby wrote, so that
 * nothing is lost on the way back. Pure; knows no job.
 */

/** The prefix of ActiveJob's own serializers. */
const RAILS = 'ActiveJob::Serializers::';

/** A Ruby symbol that must stay one: `symbol('pdf')` is `:pdf` in Ruby. */
export class RubySymbol {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  toString(): string {
    return this.name;
  }

  toJSON(): string {
    return this.name;
  }
}

/** A calendar date without a time, `2025-01-02`. */
export class RubyDate {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** Which of Ruby's classes a time is of. */
export type TimeKind = 'Time' | 'DateTime' | 'TimeWithZone';

/** A point in time: a Date, to the millisecond, that keeps Ruby's text with its nanoseconds, and its zone. */
export class RubyTime extends Date {
  /** As Ruby wrote it: `2025-01-02T03:04:05.000000001Z`. */
  readonly text: string;
  readonly kind: TimeKind;
  /** Of a TimeWithZone since Rails 7.2: `Europe/Moscow`. */
  readonly zone: string | undefined;

  constructor(text: string, kind: TimeKind = 'Time', zone?: string) {
    // Date.parse takes at most milliseconds for sure.
    super(Date.parse(text.replace(/(\.\d{3})\d+/, '$1')));
    this.text = text;
    this.kind = kind;
    this.zone = zone;
  }

  override toJSON(): string {
    return this.text;
  }
}

/** A decimal number of any length, as text: `new BigDecimal('1.10')`. */
export class BigDecimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** A span of time, `5.minutes` in Ruby. */
export class Duration {
  /** In seconds, as Ruby counts them. */
  readonly seconds: number | bigint;
  /** What it is made of: `[['minutes', 5]]`. */
  readonly parts: readonly (readonly [string, number | bigint])[];

  constructor(
    seconds: number | bigint,
    parts: readonly (readonly [string, number | bigint])[] = [['seconds', seconds]],
  ) {
    this.seconds = seconds;
    this.parts = parts;
  }
}

/** `begin..end`, or `begin...end` without its end. */
export class RubyRange {
  readonly begin: unknown;
  readonly end: unknown;
  readonly excludesEnd: boolean;

  constructor(begin: unknown, end: unknown, excludesEnd = false) {
    this.begin = begin;
    this.end = end;
    this.excludesEnd = excludesEnd;
  }
}

/** The name of a Ruby class or module, `MyApp::Thing`. */
export class RubyModule {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  toString(): string {
    return this.name;
  }
}

/** A record of a Rails application by its name: `gid://shop/User/42`. */
export class GlobalId {
  readonly app: string;
  readonly model: string;
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  /** As it was read: a composite key has slashes of its own. */
  readonly #read: string | undefined;

  constructor(
    app: string,
    model: string,
    id: string | number | bigint,
    params: Readonly<Record<string, string>> = {},
    read?: string,
  ) {
    this.app = app;
    this.model = model;
    this.id = String(id);
    this.params = params;
    this.#read = read;
  }

  /** @returns undefined where the text is no GlobalID */
  static parse(uri: string): GlobalId | undefined {
    const match = /^gid:\/\/([^/?#]+)\/([^/?#]+)\/([^?#]+)(?:\?([^#]*))?$/.exec(uri);
    if (match === null) return undefined;
    const [, app, model, id, query = ''] = match;
    try {
      return new GlobalId(app, model, decode(id), Object.fromEntries(new URLSearchParams(query)), uri);
    } catch {
      return undefined;
    }
  }

  get uri(): string {
    if (this.#read !== undefined) return this.#read;
    const query = new URLSearchParams(this.params).toString();
    return `gid://${this.app}/${this.model}/${encode(this.id)}${query === '' ? '' : `?${query}`}`;
  }

  toString(): string {
    return this.uri;
  }
}

/** As Ruby's CGI.escape: a blank is a plus. */
function encode(id: string): string {
  return new URLSearchParams({ x: id }).toString().slice(2);
}

function decode(id: string): string {
  return decodeURIComponent(id.replaceAll('+', ' '));
}

/** What an object was in Ruby: which of its keys were symbols, or that it carried keyword arguments. */
export type HashKind =
  | { readonly kind: 'symbol keys'; readonly keys: readonly string[] }
  | { readonly kind: 'keywords'; readonly keys: readonly string[] }
  | { readonly kind: 'indifferent' }
  | { readonly kind: 'plain' };

/** Where a decoded object keeps its {@link HashKind}: no property that anybody would see. */
const HASH = Symbol.for('tsworker.active-job.hash');

export function markHash<T extends object>(hash: T, kind: HashKind): T {
  Object.defineProperty(hash, HASH, { value: kind, enumerable: false, configurable: true, writable: true });
  return hash;
}

export function hashKindOf(hash: object): HashKind | undefined {
  return (hash as { [HASH]?: HashKind })[HASH];
}

/** A Ruby hash with symbols for keys: `{ format: 'pdf' }` in Ruby is `{ format: "pdf" }`. */
export function symbolKeys<T extends object>(hash: T): T {
  return markHash({ ...hash }, { kind: 'symbol keys', keys: Object.keys(hash) });
}

/** Keyword arguments: the last argument, `perform(1, format: "pdf")` in Ruby. */
export function keywords<T extends object>(hash: T): T {
  return markHash({ ...hash }, { kind: 'keywords', keys: Object.keys(hash) });
}

export const symbol = (name: string): RubySymbol => new RubySymbol(name);

export const SERIALIZERS = {
  symbol: `${RAILS}SymbolSerializer`,
  date: `${RAILS}DateSerializer`,
  time: `${RAILS}TimeSerializer`,
  dateTime: `${RAILS}DateTimeSerializer`,
  timeWithZone: `${RAILS}TimeWithZoneSerializer`,
  duration: `${RAILS}DurationSerializer`,
  bigDecimal: `${RAILS}BigDecimalSerializer`,
  range: `${RAILS}RangeSerializer`,
  module: `${RAILS}ModuleSerializer`,
} as const;

/** Names that ActiveJob keeps for itself: no key of a hash may be one. */
export const RESERVED = {
  globalId: '_aj_globalid',
  keywords: '_aj_ruby2_keywords',
  symbolKeys: '_aj_symbol_keys',
  serialized: '_aj_serialized',
  indifferent: '_aj_hash_with_indifferent_access',
} as const;
