import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RANGES, type Range, rangeOf, seriesOf } from '../../../src/dashboard/model/series.js';
import { parseSample, type Sample } from '../../../src/resque/history.js';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);
const [HOUR] = RANGES;
const MINUTE = 60_000;

function sample(minutesAgo: number, processed: number | undefined, waiting?: number): Sample {
  return { at: NOW - minutesAgo * MINUTE, processed, failed: processed, waiting, failedList: waiting };
}

function series(samples: readonly Sample[], range: Range = HOUR) {
  return seriesOf({ newest: undefined, minutes: samples, hours: samples }, range, NOW).points;
}

describe('series', () => {
  test('a steady counter is a steady rate, in every step between the first sample and the last', () => {
    const points = series([3, 2, 1, 0].map((ago) => sample(ago, 600 * (10 - ago), ago)));
    expect(points).toHaveLength(60);
    expect(points.at(-1)?.at).toBe(NOW - 30_000);
    expect(points.slice(-5).map(({ processed }) => processed)).toEqual([undefined, 10, 10, 10, 10]);
    expect(points.slice(-5).map(({ waiting }) => waiting)).toEqual([undefined, 3, 2, 1, 0]);
  });

  test('where nobody measured is a gap, however much was counted meanwhile', () => {
    const points = series([sample(20, 0, 1), sample(19, 60, 1), sample(4, 1_000_000, 1), sample(3, 1_000_060, 1)]);
    const known = points.flatMap(({ processed }, i) => (processed === undefined ? [] : [[59 - i, processed]]));
    expect(known).toEqual([
      [20, 1],
      [19, 1],
      [4, 1],
      [3, 1],
    ]);
    expect(points[59 - 10].waiting).toBeUndefined();
  });

  test('one sample alone, or none, tells no rate', () => {
    expect(series([]).every(({ processed, waiting }) => processed === undefined && waiting === undefined)).toBe(true);
    expect(series([sample(5, 100)]).every(({ processed }) => processed === undefined)).toBe(true);
  });

  test('a counter that was reset, put back or not read tells nothing of that minute, and goes on after it', () => {
    const counts = [1000, 1060, 5, 65, undefined, 125, 185];
    const points = series(counts.map((value, i) => sample(6 - i, value)));
    // Half of each step belongs to the pair before, half to the pair after.
    expect(points.slice(-7).map(({ processed }) => processed)).toEqual([1, 1, 1, 1, undefined, 1, 1]);
    expect(points.slice(-5, -3).map(({ failed }) => failed)).toEqual([1, 1]);
  });

  test('whatever the samples are: never negative, and what was gained is what the rates add up to', () => {
    const gains = fc.array(
      fc.record({ ms: fc.integer({ min: 1, max: 200_000 }), gain: fc.integer({ min: -1000, max: 100_000 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(gains, fc.constantFrom(...RANGES.slice(0, 4)), (steps, range) => {
        const total = steps.reduce((sum, { ms }) => sum + ms, 0);
        let at = NOW - total;
        let processed = 10_000_000;
        const samples = [{ ...sample(0, processed), at }];
        for (const { ms, gain } of steps) {
          at += ms;
          processed = Math.max(0, processed + gain);
          samples.push({ ...sample(0, processed), at });
        }
        const { points } = seriesOf({ newest: undefined, minutes: samples, hours: [] }, range, NOW);
        const begin = points[0].at;
        const rates = points.map((point) => point.processed ?? 0);
        expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
        const highest = Math.max(0, ...steps.map(({ ms, gain }) => (gain * 1000) / ms));
        expect(Math.max(...rates)).toBeLessThanOrEqual(highest * 1.000001);
        if (samples[0].at < begin) return;
        // Steps that were measured in part count with that part: never more than all that was gained.
        const gained = steps.reduce((sum, { gain }) => sum + Math.max(0, gain), 0);
        const isWhole = steps.every(({ gain }) => gain >= 0);
        const covered = points.map(({ at: from }) =>
          Math.max(0, Math.min(NOW, from + range.stepMs) - Math.max(samples[0].at, from)),
        );
        const sum = rates.reduce((all, rate, i) => all + (rate * covered[i]) / 1000, 0);
        if (isWhole) expect(sum).toBeCloseTo(gained, 3);
      }),
    );
  });

  test('only known ranges', () => {
    expect(rangeOf('24h').name).toBe('24h');
    expect(rangeOf('1y')).toBe(HOUR);
    expect(rangeOf(null)).toBe(HOUR);
  });
});

describe('an entry', () => {
  test('as the script writes it', () => {
    expect(parseSample('1764000000 12 3 - 5')).toEqual({
      ...{ at: 1_764_000_000_000, processed: 12, failed: 3, waiting: undefined, failedList: 5 },
    });
  });

  test.each([
    '',
    'junk',
    '1764000000 1 2 3',
    '1764000000 1 2 3 4 5',
    '1764000000 -1 2 3 4',
    '9e99 1 2 3 4',
    '{"at":1}',
  ])('none of another program: %j', (entry) => {
    expect(parseSample(entry)).toBeUndefined();
  });
});
