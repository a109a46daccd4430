/** How soon a dead child is replaced, and when the supervisor gives up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countDeath, restartDelayMs, shouldGiveUp } from '../../../src/supervisor/backoff.js';

test('at once the first time, then longer each time, up to 30 s', () => {
  expect([1, 2, 3, 4, 5].map(restartDelayMs)).toEqual([0, 50, 100, 200, 400]);
  expect(restartDelayMs(50)).toBe(30_000);
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), (n) => restartDelayMs(n) <= restartDelayMs(n + 1)));
});

test('a child that lived for a minute begins anew', () => {
  expect(countDeath(5, 59_999)).toBe(6);
  expect(countDeath(5, 60_000)).toBe(1);
});

test('ten deaths within a minute are too many', () => {
  const now = 1_000_000;
  expect(
    shouldGiveUp(
      Array.from({ length: 9 }, () => now),
      now,
    ),
  ).toBe(false);
  expect(
    shouldGiveUp(
      Array.from({ length: 10 }, (_, i) => now - i * 5000),
      now,
    ),
  ).toBe(true);
  expect(shouldGiveUp([...Array.from({ length: 9 }, () => now), now - 60_000], now)).toBe(false);
});
