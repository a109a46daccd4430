/** The codec against real ActiveJob, both ways, for every kind of argument. */
import { describe, expect, test } from 'vitest';
import { decodeArguments } from '../../../src/active-job/decode.js';
import { encodeArguments } from '../../../src/active-job/encode.js';
import { gid } from '../../../src/active-job/global-id.js';
import { indifferentAccess, keywords, symbolKeys } from '../../../src/active-job/hashes.js';
import { Duration, RubyDate, RubyModule, RubyTime, symbol } from '../../../src/active-job/values.js';
import { decodePayload, encodePayload } from '../../../src/resque/codec.js';
import { ACTIVE_JOB, AGAINST, rails } from '../../support/active-job/rails.js';

const odd = JSON.parse('{"__proto__":1,"constructor":{},"then":1,"":2}') as { constructor: object };
odd.constructor = JSON.parse('{"__proto__":0}') as object;
Object.defineProperty(odd.constructor, '__proto__', { value: symbol('x'), enumerable: true });

/** The rows of rails.rb, as this package writes them. */
const ROWS: Readonly<Record<string, readonly unknown[]>> = {
  'nil, true, false': [null, true, false],
  integers: [0, -1, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 12_345_678_901_234_567_890n, 10n ** 40n],
  floats: [1.5, -0.25, 1e300, 1e-7],
  texts: ['', 'plain', '\u00e4\u{1f600}', 'a\nb"\\', '<>&'],
  arrays: [[], [1, [2, ['x']]]],
  symbols: [symbol('pdf'), symbol('with blank'), symbol('a?')],
  'hash with texts for keys': [{ a: 1, b: { c: null } }],
  'hash with symbols for keys': [symbolKeys({ a: 1, b: symbolKeys({ c: symbol('d') }) })],
  'hash with both': [Object.assign(symbolKeys({ a: 1 }), { b: 2 })],
  'empty hash': [{}],
  'odd keys': [odd],
  'keyword arguments': [1, keywords({ format: symbol('pdf'), copies: 2 })],
  'hash with indifferent access': [indifferentAccess({ w: 1, x: indifferentAccess({ y: 2 }) })],
  record: [
    gid('shop', 'User', 42),
    gid('shop', 'User', 'a/b c'),
    gid('shop', 'User', 'ä*~+'),
    [gid('shop', 'User', 7n)],
    symbolKeys({ user: gid('shop', 'User', '8') }),
  ],
  date: [new RubyDate('2025-01-02'), new RubyDate('0009-12-31')],
  time: [new RubyTime('2025-01-02T03:04:05.000000001Z'), new RubyTime('2025-01-02T03:04:05.125000000-03:30')],
  'date and time': [
    new RubyTime('2025-01-02T03:04:05.125000000+02:00', 'DateTime'),
    new RubyTime('1969-07-20T00:00:00.000000000+00:00', 'DateTime'),
  ],
  'time with zone': [
    new RubyTime('2025-01-02T06:04:05.125000000+03:00', 'TimeWithZone', 'Europe/Moscow'),
    new RubyTime('2024-06-30T20:00:00.000000000-04:00', 'TimeWithZone'),
  ],
  duration: [
    new Duration(300, [['minutes', 5]]),
    new Duration(2_802_546, [
      ['months', 1],
      ['days', 2],
    ]),
    new Duration(5400, [['hours', 1.5]]),
    new Duration(0, [['seconds', 0]]),
    new Duration(-1_814_400, [['weeks', -3]]),
  ],
  module: [new RubyModule('Reports::Daily'), new RubyModule('Comparable')],
};

const read = (line: string) => decodePayload(Buffer.from(line), true);
const written = (row: string, args: readonly unknown[]) => encodePayload(row, encodeArguments(args));

describe.skipIf(ACTIVE_JOB === '')(AGAINST, () => {
  test('what Ruby serialized is decoded, and encoded again to the same', () => {
    const rows = rails('serialize').map(read);
    expect(rows.map((row) => row.class)).toEqual(Object.keys(ROWS));
    for (const { class: row, args } of rows) {
      const decoded = decodeArguments(args, { exact: true }) as unknown[];
      expect(encodeArguments(decoded), row).toEqual(args);
      const zoned = (json: string) => json.replace(',"time_zone":"Europe/Moscow"', '');
      expect(encodePayload(row, encodeArguments(decoded))).toBe(zoned(written(row, ROWS[row])));
    }
  });

  test('what we encode is for Ruby what it would have serialized itself', () => {
    const answers = rails(
      'deserialize',
      Object.entries(ROWS).map(([row, args]) => written(row, args)),
    );
    const seen = answers.map((answer) => JSON.parse(answer) as [string, boolean, string]);
    expect(seen.filter(([, same]) => !same)).toEqual([]);
    expect(seen.map(([row]) => row)).toEqual(Object.keys(ROWS));
  });

  test('what Ruby serialized survives being decoded and encoded here', () => {
    const lines = rails('serialize').map((line) => {
      const { class: row, args } = read(line);
      return written(row, decodeArguments(args, { exact: true }) as unknown[]);
    });
    const answers = rails('deserialize', lines).map((answer) => JSON.parse(answer) as [string, boolean]);
    expect(answers.filter(([, same]) => !same)).toEqual([]);
    expect(answers).toHaveLength(Object.keys(ROWS).length);
  });
});
