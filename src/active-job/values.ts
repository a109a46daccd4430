/**
 * Ruby values without a JSON form, as ActiveJob represents them. Each keeps the exact text that Ruby wrote, so that
 * nothing is lost on the way back. Recognized by a mark and not by their class: a job module may import another copy of
 * the package than the one that runs it.
 */
import { timeOf } from './time.js';

export const KIND = Symbol.for('tsworker.ruby-value');

/** A Ruby value that is represented by one text. */
abstract class RubyText {
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

/** A symbol: `new RubySymbol('pdf')` is `:pdf` in Ruby. */
export class RubySymbol extends RubyText {
  get [KIND]() {
    return 'symbol' as const;
  }
}

/** A calendar date without a time: `new RubyDate('2025-01-02')`. */
export class RubyDate extends RubyText {
  get [KIND]() {
    return 'date' as const;
  }
}

/** A decimal number of any length: `new BigDecimal('1.10')`. */
export class BigDecimal extends RubyText {
  get [KIND]() {
    return 'decimal' as const;
  }
}

/** A class or module by its name: `new RubyModule('Reports::Daily')`. */
export class RubyModule extends RubyText {
  get [KIND]() {
    return 'module' as const;
  }
}

/** Ruby's classes for times. */
export type TimeClass = 'Time' | 'DateTime' | 'TimeWithZone';

/** A point in time: a Date, to the millisecond, that keeps Ruby's text with its nanoseconds, and its zone. */
export class RubyTime extends Date {
  readonly #text: string;
  readonly #readMs: number;
  readonly rubyClass: TimeClass;
  /** The zone of a TimeWithZone, since Rails 7.2: `Europe/Moscow`. */
  readonly zone: string | undefined;

  /** @param text ISO 8601, for example `2025-01-02T03:04:05.000000001Z`; any other makes an invalid Date */
  constructor(text: string, rubyClass: TimeClass = 'Time', zone?: string) {
    super(timeOf(text));
    this.#text = text;
    this.#readMs = this.getTime();
    this.rubyClass = rubyClass;
    this.zone = zone;
  }

  get [KIND]() {
    return 'time' as const;
  }

  /** The text that Ruby wrote; a new one if the Date was changed since. */
  get text(): string {
    return this.getTime() === this.#readMs ? this.#text : this.toISOString();
  }

  override toJSON(): string {
    return this.text;
  }
}

/** A count in a {@link Duration}. */
export type Count = number | bigint;

/** A span of time: `new Duration(300, [['minutes', 5]])` is `5.minutes` in Ruby. */
export class Duration {
  /** In seconds, as Ruby counts them: a month is 2,629,746. */
  readonly seconds: Count;
  readonly parts: readonly (readonly [unit: string, count: Count])[];

  constructor(seconds: Count, parts: Duration['parts'] = [['seconds', seconds]]) {
    this.seconds = seconds;
    this.parts = parts;
  }

  get [KIND]() {
    return 'duration' as const;
  }
}

/** `begin..end`, or `begin...end` without its end. null: unbounded on that side. */
export class RubyRange {
  readonly begin: unknown;
  readonly end: unknown;
  readonly excludesEnd: boolean;

  constructor(begin: unknown, end: unknown, excludesEnd = false) {
    this.begin = begin;
    this.end = end;
    this.excludesEnd = excludesEnd;
  }

  get [KIND]() {
    return 'range' as const;
  }
}

/** The output of an application's own serializer: `new RubyObject('MoneySerializer', { cents: 500 })`. */
export class RubyObject {
  readonly serializer: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(serializer: string, fields: Readonly<Record<string, unknown>>) {
    this.serializer = serializer;
    this.fields = fields;
  }

  get [KIND]() {
    return 'object' as const;
  }
}

/** `symbol('pdf')` is `:pdf` in Ruby. */
export const symbol = (name: string): RubySymbol => new RubySymbol(name);

const TEXTS: Readonly<Record<string, RegExp>> = {
  date: /^[+-]?\d{4,}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
  decimal: /^(?:[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN)$/,
  module: /^\p{Lu}[\p{L}\p{N}_]*(?:::\p{Lu}[\p{L}\p{N}_]*)*$/u,
};

/** Whether Ruby can read it. */
export function isValidText(kind: 'symbol' | 'date' | 'decimal' | 'module', text: string): boolean {
  return TEXTS[kind]?.test(text) ?? true;
}
