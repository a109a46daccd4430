/** Recorded payloads of Rails 7.2, 8.0 and 8.1, which are not installed here. */
import { describe, expect, test } from 'vitest';
import { decodeArguments } from '../../../src/active-job/decode.js';
import { encodeArguments } from '../../../src/active-job/encode.js';
import { gid } from '../../../src/active-job/global-id.js';
import { keywords } from '../../../src/active-job/hashes.js';
import {
  BigDecimal,
  Duration,
  RubyDate,
  RubyModule,
  RubyRange,
  RubySymbol,
  RubyTime,
  symbol,
} from '../../../src/active-job/values.js';
import { decodePayload, encodePayload } from '../../../src/resque/codec.js';

const of = (name: string, rest: string) => `{"_aj_serialized":"ActiveJob::Serializers::${name}Serializer",${rest}}`;

const FORMS: readonly (readonly [string, string, unknown])[] = [
  ['a symbol', of('Symbol', '"value":"sym"'), symbol('sym')],
  ['a date', of('Date', '"value":"2025-01-02"'), new RubyDate('2025-01-02')],
  ['a time', of('Time', '"value":"2025-01-02T03:04:05.000000001Z"'), new RubyTime('2025-01-02T03:04:05.000000001Z')],
  [
    'a DateTime',
    of('DateTime', '"value":"2025-01-02T03:04:05.000000000+00:00"'),
    new RubyTime('2025-01-02T03:04:05.000000000+00:00', 'DateTime'),
  ],
  [
    'a time with its zone (from 7.2)',
    of('TimeWithZone', '"value":"2025-01-02T06:04:05.000000000+03:00","time_zone":"Europe/Moscow"'),
    new RubyTime('2025-01-02T06:04:05.000000000+03:00', 'TimeWithZone', 'Europe/Moscow'),
  ],
  [
    'a duration',
    of('Duration', `"value":300,"parts":[[${of('Symbol', '"value":"minutes"')},5]]`),
    new Duration(300, [['minutes', 5]]),
  ],
  [
    'a large decimal (from 7.1)',
    of('BigDecimal', '"value":"12345678901234567890.10"'),
    new BigDecimal('12345678901234567890.10'),
  ],
  ['a range (from 7.1)', of('Range', '"begin":1,"end":9,"exclude_end":true'), new RubyRange(1, 9, true)],
  [
    'a range without an end',
    of('Range', `"begin":${of('Date', '"value":"2025-01-02"')},"end":null,"exclude_end":false`),
    new RubyRange(new RubyDate('2025-01-02'), null),
  ],
  ['a module', of('Module', '"value":"Reports::Daily"'), new RubyModule('Reports::Daily')],
  [
    'a record',
    '{"_aj_globalid":"gid://shop/Shop::Order/42?tenant=eu"}',
    gid('shop', 'Shop::Order', 42, { tenant: 'eu' }),
  ],
  [
    'a record with a composite key (from 7.1)',
    '{"_aj_globalid":"gid://shop/Line/7/a%2Fb"}',
    gid('shop', 'Line', [7, 'a/b']),
  ],
  [
    'keyword arguments',
    `{"format":${of('Symbol', '"value":"pdf"')},"_aj_ruby2_keywords":["format"]}`,
    keywords({ format: symbol('pdf') }),
  ],
];

const decode = (json: string, exact = true) => {
  const { args } = decodePayload(Buffer.from(`{"class":"A","args":[${json}]}`), true);
  return (decodeArguments(args, { exact }) as unknown[])[0];
};

test.each(FORMS)('%s is decoded, and encoded to the same bytes', (_what, json, value) => {
  expect(decode(json)).toEqual(value);
  expect(encodePayload('A', encodeArguments([value]))).toBe(`{"class":"A","args":[${json}]}`);
  expect(encodePayload('A', encodeArguments([decode(json)]))).toBe(`{"class":"A","args":[${json}]}`);
});

describe('unless exact', () => {
  test.each([
    [of('Symbol', '"value":"pdf"'), 'pdf'],
    [of('Date', '"value":"2025-01-02"'), '2025-01-02'],
    [of('BigDecimal', '"value":"0.1e-400"'), '0.1e-400'],
  ])('%s is a text', (json, text) => {
    expect(decode(json, false)).toBe(text);
  });
});

test('a time is a Date to the millisecond, and keeps its text until the Date is changed', () => {
  const time = decode(of('Time', '"value":"2025-01-02T03:04:05.123456789+02:00"')) as RubyTime;
  expect(time).toBeInstanceOf(Date);
  expect(time.toISOString()).toBe('2025-01-02T01:04:05.123Z');
  expect(JSON.stringify({ time })).toBe('{"time":"2025-01-02T03:04:05.123456789+02:00"}');
  time.setUTCFullYear(2030);
  expect(encodeArguments([time])).toEqual([
    { _aj_serialized: 'ActiveJob::Serializers::TimeSerializer', value: '2030-01-02T01:04:05.123Z' },
  ]);
});

test('a composite key has its parts', () => {
  const record = decode('{"_aj_globalid":"gid://shop/Line/7/a%2Fb+c"}');
  expect(record).toMatchObject({ app: 'shop', model: 'Line', id: '7/a/b c', ids: ['7', 'a/b c'] });
});

test('values that an older copy of the package made are known by their mark', () => {
  const foreign = { text: 'pdf', [Symbol.for('tsworker.ruby-value')]: 'symbol' };
  Object.setPrototypeOf(foreign, { constructor: class Foreign {} });
  expect(encodeArguments([foreign])).toEqual(encodeArguments([new RubySymbol('pdf')]));
});
