/** Intervals, grids, jitter, and which ticks are made up for after an outage. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimingError } from '../../../src/recurring/cron.js';
import { dueTicks, fireTime } from '../../../src/recurring/due.js';
import { readEvery } from '../../../src/recurring/every.js';
import { fingerprint, nextTick, type Timing, timingText } from '../../../src/recurring/timing.js';

const SECOND = 1000;
const HOUR = 3_600_000;
const every = (everyMs: number): Timing => ({ everyMs });
const hourly: Timing = { cron: '0 * * * *', timezone: 'UTC' };
const secondly: Timing = { cron: '* * * * * *', timezone: 'UTC' };
const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
const entry = (timing: Timing, missed: 'skip' | 'once' | 'all' = 'once', jitterMs = 0) => ({
  ...{ name: 'n', timing, missed, jitterMs },
});

describe('every', () => {
  test.each([
    ['30s', 30],
    ['5m', 300],
    ['1h', 3600],
    ['1d', 86_400],
    ['1w', 604_800],
    ['1M', 2_592_000],
    ['1y', 31_536_000],
    ['1w2d4h', 604_800 + 2 * 86_400 + 4 * 3600],
    ['1.5h', 5400],
    ['90', 90],
    [90, 90],
    ['5 minutes', 300],
    ['1 hour 30 min', 5400],
    ['PT1H30M', 5400],
    ['P1DT1S', 86_401],
    ['P1M', 2_592_000],
  ])('%s', (given, seconds) => {
    expect(readEvery(given)).toBe(seconds * SECOND);
  });

  test.each(['500ms', '0s', 0, -5, '', 'soon', '5x', 'P', 'PT', '1h and more', null, undefined, {}, Number.NaN])(
    '%j is refused',
    (given) => {
      expect(() => readEvery(given)).toThrow(TimingError);
    },
  );

  test('lies on a grid since 1970, wherever one begins', () => {
    expect(nextTick(every(300 * SECOND), NOW)).toBe(NOW + 300 * SECOND);
    expect(nextTick(every(300 * SECOND), NOW + 1)).toBe(NOW + 300 * SECOND);
    expect(nextTick(every(86_400 * SECOND), NOW)).toBe(Date.UTC(2026, 10, 25));
  });
});

test('the fingerprint is that of the timing, and its text says it', () => {
  expect(fingerprint(every(1000))).not.toBe(fingerprint(every(2000)));
  expect(fingerprint(hourly)).not.toBe(fingerprint({ ...hourly, timezone: 'Europe/Berlin' } as Timing));
  expect(timingText(every(90 * SECOND))).toBe('every 90s');
  expect(timingText(every(2 * HOUR))).toBe('every 2h');
  expect(timingText(hourly)).toBe('0 * * * * UTC');
});

test('the jitter is the same everywhere, within its bounds, and another for each tick', () => {
  const jittered = entry(hourly, 'once', 60 * SECOND);
  const waits = Array.from({ length: 50 }, (_, i) => fireTime(jittered, NOW + i * HOUR) - (NOW + i * HOUR));
  expect(waits).toEqual(Array.from({ length: 50 }, (_, i) => fireTime(jittered, NOW + i * HOUR) - (NOW + i * HOUR)));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60 * SECOND);
  expect(new Set(waits).size).toBeGreaterThan(40);
  expect(fireTime({ ...jittered, jitterMs: 0 }, NOW)).toBe(NOW);
});

describe('which ticks are enqueued', () => {
  test('none before its time, then each, and what comes next', () => {
    expect(dueTicks(entry(hourly), NOW, NOW - 1)).toEqual({ ticks: [], next: NOW });
    expect(dueTicks(entry(hourly), NOW, NOW)).toEqual({ ticks: [NOW], next: NOW + HOUR });
  });

  test.each(['skip', 'once', 'all'] as const)('%s: those of the last ten seconds are no missed ones', (missed) => {
    const { ticks, next } = dueTicks(entry(secondly, missed), NOW - 9 * SECOND, NOW);
    expect(ticks).toEqual(Array.from({ length: 10 }, (_, i) => NOW - (9 - i) * SECOND));
    expect(next).toBe(NOW + SECOND);
  });

  test.each([
    ['skip', 5, []],
    ['once', 5, [NOW]],
    ['all', 5, [5, 4, 3, 2, 1, 0].map((n) => NOW - n * HOUR)],
  ] as const)('%s: after hours without a scheduler', (missed, hours, expected) => {
    const late = NOW + 600 * SECOND;
    expect(dueTicks(entry(hourly, missed), NOW - hours * HOUR, late)).toEqual({ ticks: expected, next: NOW + HOUR });
  });

  test('once: not where the last one is more than an hour old, nor where one runs now anyway', () => {
    const daily: Timing = { cron: '0 3 * * *', timezone: 'UTC' };
    const three = Date.UTC(2026, 10, 24, 3);
    expect(dueTicks(entry(daily), three, three + HOUR).ticks).toEqual([three]);
    expect(dueTicks(entry(daily), three, three + HOUR + 1).ticks).toEqual([]);
    expect(dueTicks(entry(hourly), NOW - 5 * HOUR, NOW + SECOND).ticks).toEqual([NOW]);
  });

  test.each([secondly, every(SECOND)])(
    'all: at most a hundred missed ones, the last, at once after a year (%j)',
    (timing) => {
      const { ticks, next } = dueTicks(entry(timing, 'all'), NOW - 365 * 24 * HOUR, NOW + 500);
      expect(ticks.filter((tick) => NOW + 500 - tick > 10_000)).toHaveLength(100);
      expect(ticks.at(-1)).toBe(NOW);
      expect(next).toBe(NOW + SECOND);
    },
  );

  test('whatever the outage: in order, none twice, none from the future, all of the last ten seconds', () => {
    const timing = fc.oneof(
      fc.integer({ min: 1, max: 5000 }).map((s) => every(s * SECOND)),
      fc.constantFrom(hourly, secondly, { cron: '*/7 3 * * 1', timezone: 'Europe/Berlin' }),
    );
    const missed = fc.constantFrom('skip' as const, 'once' as const, 'all' as const);
    const jitter = fc.constantFrom(0, 5000);
    fc.assert(
      fc.property(timing, missed, jitter, fc.integer({ min: 0, max: 100 * HOUR }), (when, policy, jitterMs, downMs) => {
        const one = entry(when, policy, jitterMs);
        const first = nextTick(when, NOW - downMs) as number;
        const { ticks, next } = dueTicks(one, first, NOW);
        expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
        for (const tick of ticks) expect(fireTime(one, tick)).toBeLessThanOrEqual(NOW);
        expect(next === undefined || fireTime(one, next) > NOW).toBe(true);
        for (let tick = nextTick(when, Math.max(first - 1, NOW - 10_000)); tick !== undefined; ) {
          if (tick >= (next ?? 0)) break;
          expect(ticks).toContain(tick);
          tick = nextTick(when, tick);
        }
      }),
      { numRuns: 100 },
    );
  });
});
