/** Values that ActiveJob cannot represent are rejected when they are enqueued, with their place. */
import { expect, test } from 'vitest';
import { encodeArguments } from '../../../src/active-job/encode.js';
import { SerializationError } from '../../../src/active-job/errors.js';
import { gid } from '../../../src/active-job/global-id.js';
import { keywords, symbolKeys } from '../../../src/active-job/hashes.js';
import { BigDecimal, RubyDate, RubyModule, RubyTime } from '../../../src/active-job/values.js';

const loop: unknown[] = [];
loop.push({ loop });
let deep: unknown = [];
for (let i = 0; i < 1000; i++) deep = [deep];

test.each([
  ['a function', [1, { a: [() => {}] }], 'arguments[1].a[0] is a function: ActiveJob cannot carry it'],
  ['NaN', [Number.NaN], 'arguments[0] is NaN: JSON has no such number'],
  ['a cycle', [loop], 'arguments[0][0].loop contains itself'],
  ['depth', [deep], 'the arguments are nested too deeply'],
  ['an instance of a class', [new Map()], 'arguments[0] is an object of a class: ActiveJob carries plain objects'],
  ['a reserved key', [{ _aj_globalid: 'x' }], 'arguments[0] has the key _aj_globalid, which ActiveJob reserves'],
  ['an invalid Date', [new Date('x')], 'arguments[0] is an invalid Date'],
  ['a time that is none', [new RubyTime('tomorrow')], 'arguments[0] is an invalid Date'],
  ['a date that is none', [new RubyDate('1/2/2025')], 'arguments[0] is no date that Ruby can read: 1/2/2025'],
  ['a decimal that is none', [new BigDecimal('1,5')], 'arguments[0] is no decimal that Ruby can read: 1,5'],
  ['a module that is none', [new RubyModule('daily')], 'arguments[0] is no module that Ruby can read: daily'],
])('%s', (_what, args, message) => {
  expect(() => encodeArguments(args)).toThrow(SerializationError);
  expect(() => encodeArguments(args)).toThrow(message);
});

test('a Date is a Time to the nanosecond; undefined is nil, or no member', () => {
  expect(encodeArguments([new Date(5), undefined, { a: undefined }], { format: undefined, copies: 2 })).toEqual([
    { _aj_serialized: 'ActiveJob::Serializers::TimeSerializer', value: '1970-01-01T00:00:00.005000000Z' },
    null,
    { _aj_symbol_keys: [] },
    { copies: 2, _aj_ruby2_keywords: ['copies'] },
  ]);
});

test('the marks of a hash are not seen, and follow its members', () => {
  const hash: Record<string, unknown> = symbolKeys({ a: 1, b: 2 });
  expect(Object.keys(hash)).toEqual(['a', 'b']);
  delete hash.a;
  hash.c = 3;
  expect(encodeArguments([hash])).toEqual([{ b: 2, c: 3, _aj_symbol_keys: ['b'] }]);
  expect(encodeArguments([{ ...keywords({ a: 1 }) }])).toEqual([{ a: 1, _aj_symbol_keys: [] }]);
});

test.each([
  ['my shop', 'User', 1],
  ['shop', 'User/x', 1],
  ['shop', '', 1],
  ['shop', 'User', ''],
  ['shop', 'User', '\ud800'],
])('there is no gid(%j, %j, %j)', (app, model, id) => {
  expect(() => gid(app, model, id)).toThrow(/there is no GlobalID of app/);
});
