/** How soon a dead child is replaced, and when the supervisor gives up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countDeath, RecentDeaths, restartDelayMs } from '../../../src/supervisor/restart-policy.js';

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
  const deaths = new RecentDeaths();
  for (let n = 0; n < 9; n++) deaths.add(n * 5000);
  expect(deaths.tooMany).toBe(false);
  deaths.add(59_999);
  expect(deaths.tooMany).toBe(true);
});

test('deaths that are long past do not count, and are not kept', () => {
  const deaths = new RecentDeaths();
  for (let n = 0; n < 10_000; n++) deaths.add(n * 10_000);
  expect(deaths.tooMany).toBe(false);
  expect(deaths.count).toBeLessThanOrEqual(6);
});
