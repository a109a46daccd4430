import { expect, test } from 'vitest';
import { coloured } from '../../../src/cli/io.js';
import { count, counted, duration, rate, time } from '../../../src/format.js';

test.each([
  [-5, '0s'],
  [999, '0s'],
  [42_000, '42s'],
  [60_000, '1m 0s'],
  [192_000, '3m 12s'],
  [18_000_000, '5h 0m'],
  [1_062_000_000, '12d 7h'],
])('%i ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [0, '0'],
  [0.254, '0.25'],
  [-3.14, '-3.14'],
  [12.34, '12.3'],
  [1234.5, '1,235'],
])('%d a second is %s', (perSecond, text) => expect(rate(perSecond)).toBe(text));

test('counts', () => {
  expect(count(1_234_567)).toBe('1,234,567');
  expect([counted(1, 'job'), counted(0, 'job'), counted(2, 'entry', 'entries')]).toEqual([
    '1 job',
    '0 jobs',
    '2 entries',
  ]);
});

test('tells the time', () => expect(time(Date.UTC(2026, 10, 24, 2, 58, 25, 999))).toBe('2026-11-24 02:58:25 UTC'));

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
])('colours on a terminal (%s) with %j: %s', (terminal, env, expected) =>
  expect(coloured(terminal, env)).toBe(expected),
);
