import { describe, expect, test } from 'vitest';
import { readTargets, targetText } from '../../../src/cli/commands/failed/targets.js';
import { moment, names, pattern, rate } from '../../../src/cli/commands/failed/value-parsers.js';

const reading = { folder: '/', warn() {} };

describe('moment', () => {
  test.each([
    ['30s', 30],
    ['90m', 5400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['3d', 259_200],
    ['2w', 1_209_600],
  ])('%s is so long ago', (typed, seconds) => {
    const ms = moment.parse(typed, reading);
    expect(Math.abs(Date.now() - seconds * 1000 - ms)).toBeLessThan(5000);
  });

  test.each([
    ['2026-11-24', new Date(2026, 10, 24).getTime()],
    ['2026-11-24T10:30', new Date(2026, 10, 24, 10, 30).getTime()],
    ['2026-11-24 10:30:05', new Date(2026, 10, 24, 10, 30, 5).getTime()],
    ['2026-11-24 10:30:05 UTC', Date.UTC(2026, 10, 24, 10, 30, 5)],
    ['2026-11-24T10:30:05.250Z', Date.UTC(2026, 10, 24, 10, 30, 5, 250)],
    ['2026-11-24T10:30+03:00', Date.UTC(2026, 10, 24, 7, 30)],
  ])('%s is a time', (typed, ms) => {
    expect(moment.parse(typed, reading)).toBe(ms);
  });

  test.each(['yesterday', '', '5', '2h ago', '2026-13-01', '24.11.2026'])('%j is none', (typed) => {
    expect(() => moment.parse(typed, reading)).toThrow('must be so long ago');
  });
});

describe('pattern', () => {
  test.each([
    ['time.out (30s)', 'time.out (30s)'],
    ['/time.out$/', /time.out$/],
    ['/time/i', /time/i],
    ['/a', '/a'],
    ['//', '//'],
  ])('%s is %s', (typed, parsed) => {
    expect(pattern.parse(typed, reading)).toEqual(parsed);
  });

  test('rejects an invalid regular expression', () => {
    expect(() => pattern.parse('/(/', reading)).toThrow('is not a regular expression');
  });
});

test('names are parted by commas', () => {
  expect(names('class').parse('A::B, C', reading)).toEqual(['A::B', 'C']);
  expect(() => names('class').parse(' ,', reading)).toThrow('must be a name');
});

describe('targets', () => {
  test('are single entries, ranges and entries by their id', () => {
    const targets = readTargets(['3', '7-9,0', '12@1F2e3d4']);
    expect(targets).toEqual([
      { from: 3, to: 3 },
      { from: 7, to: 9 },
      { from: 0, to: 0 },
      { at: 12, id: '1f2e3d4' },
    ]);
    expect(targets.map(targetText)).toEqual(['3', '7-9', '0', '12@1f2e3d4']);
  });

  test('may be an id alone; digits alone are N, or an id where nothing stands there', () => {
    const targets = readTargets(['1F2e3d4', '1234567', '0'.repeat(40)]);
    expect(targets).toEqual([
      { id: '1f2e3d4' },
      { from: 1_234_567, to: 1_234_567, id: '1234567' },
      { from: 0, to: 0, id: '0'.repeat(40) },
    ]);
    expect(targets.map(targetText)).toEqual(['1f2e3d4', '1234567', '0']);
  });

  test.each(['', 'x', '-1', '9-7', '3@12', '3@xyz1', '1e3', 'abcdef', '9'.repeat(41)])('%j is none', (word) => {
    expect(() => readTargets([word])).toThrow('expected N (3), a range (7-9) or an id (1f2e3d4)');
  });
});

test.each(['0', '-1', 'x', ''])('%j is no rate', (typed) => {
  expect(() => rate.parse(typed, reading)).toThrow('must be how many jobs a second');
});
