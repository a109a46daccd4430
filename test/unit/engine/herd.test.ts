/** The thundering herd, simulated with the real delays: how soon a push is claimed, and how many calls find nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { herdDelayMs } from '../../../src/engine/wake.js';

/** The time that a claim takes on Redis, until the others can no longer see the job. */
const CLAIM_MS = 0.05;

/**
 * One push to N idle processes. Each that was told claims after its delay; all are told at the same moment, so those
 * whose delay is over find nothing.
 */
function push(processes: number, random: () => number): { takenAfterMs: number; lookedWithin: (ms: number) => number } {
  const delays = Array.from({ length: processes }, () => herdDelayMs(processes, random())).sort((a, b) => a - b);
  return { takenAfterMs: delays[0] + CLAIM_MS, lookedWithin: (ms) => delays.filter((delay) => delay <= ms).length };
}

describe('herd', () => {
  test('alone, a process does not wait', () => {
    expect(herdDelayMs(1, 0.99)).toBe(0);
    expect(herdDelayMs(0, 0.5)).toBe(0);
  });

  test('property: never negative, never longer than a fifth of a millisecond for each process', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, r) => {
          const delay = herdDelayMs(n, r);
          return delay >= 0 && delay <= n * 0.2;
        },
      ),
    );
  });

  test.each([2, 10, 100, 1000, 10_000])(
    'of %i idle processes the first comes soon, and few look at once',
    (processes) => {
      let state = processes;
      // A small generator of its own (mulberry32): the same numbers at each run.
      const random = () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
      };
      const pushes = Array.from({ length: 150 }, () => push(processes, random));
      const mean = pushes.reduce((sum, { takenAfterMs }) => sum + takenAfterMs, 0) / pushes.length;
      expect(mean).toBeLessThan(0.2 + 2 * CLAIM_MS);
      // However many there are, claims come at 5 for each millisecond: 5,000 a second.
      const within = Math.min(processes * 0.2, 10);
      const looked = pushes.reduce((sum, { lookedWithin }) => sum + lookedWithin(within), 0) / pushes.length;
      expect(looked / within).toBeLessThan(5.5);
    },
  );
});
