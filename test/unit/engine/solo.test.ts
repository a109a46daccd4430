/** When a process ends its jobs for one that must run alone, and when it gives that up. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/engine/run.js';
import { Solo } from '../../../src/engine/solo.js';

const PATIENCE = 1000;

function aRun(alone: boolean): Run {
  const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from('{}'), strict: true, alone };
  return new Run(claim, 0, () => {});
}

describe('solo', () => {
  test('with the turn it claims nothing while its jobs run, and whatever it finds when they have ended', () => {
    const solo = new Solo(PATIENCE);
    expect(solo.allowsClaiming(3, 0)).toBe(true);
    expect(solo.told('here', 0)).toBe('began');
    expect([solo.allowsClaiming(3, 1), solo.allowsClaiming(0, 1), solo.turn(true, 1)]).toEqual([false, true, 'keep']);
  });

  test('when its patience is over it claims again, and does not want the turn for a while', () => {
    const solo = new Solo(PATIENCE);
    solo.told('here', 0);
    expect([solo.allowsClaiming(3, PATIENCE), solo.turn(true, PATIENCE)]).toEqual([true, 'release']);
    expect(solo.told('elsewhere', PATIENCE)).toBe('gave up');
    expect([solo.allowsClaiming(3, PATIENCE), solo.turn(true, PATIENCE)]).toEqual([true, 'release']);
    expect(solo.turn(true, 4 * PATIENCE)).toBe('none');
  });

  test('each time it has more patience, until one has run', () => {
    const solo = new Solo(PATIENCE);
    solo.told('here', 0);
    solo.told('elsewhere', PATIENCE);
    solo.told('here', 4 * PATIENCE);
    expect(solo.allowsClaiming(1, 6 * PATIENCE - 1)).toBe(false);
    expect(solo.allowsClaiming(1, 6 * PATIENCE)).toBe(true);
    solo.began(aRun(true), 6 * PATIENCE);
    solo.told(undefined, 6 * PATIENCE);
    solo.told('here', 10 * PATIENCE);
    expect(solo.turn(true, 11 * PATIENCE - 1)).toBe('keep');
  });

  test('the turn that is given away at a stop, or since nobody waits any more, was not in vain', () => {
    const solo = new Solo(PATIENCE);
    solo.told('here', 0);
    expect(solo.turn(false, 1)).toBe('release');
    expect(solo.told(undefined, 1)).toBeUndefined();
    expect(solo.turn(true, 2)).toBe('none');
  });

  test('while it runs the one, nothing else is claimed or admitted; the turn goes on when that takes long', () => {
    const solo = new Solo(PATIENCE);
    const run = aRun(true);
    solo.told('here', 0);
    solo.began(run, 5);
    expect([solo.allowsClaiming(0, 10), solo.allowsClaiming(1, 1e9)]).toEqual([false, false]);
    expect(solo.admits(aRun(false).claim, 1)).toBe(false);
    expect([solo.turn(true, 10), solo.turn(true, 60_000)]).toEqual(['keep', 'release']);
    expect(solo.told(undefined, 60_000)).toBeUndefined();
    solo.ended(run);
    expect([solo.allowsClaiming(0, 60_001), solo.turn(true, 60_001)]).toEqual([true, 'none']);
  });

  test('property: beside a job that never ends it holds back for a part of the time only, and tries for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 100, maxLength: 400 }), (steps) => {
        const solo = new Solo(PATIENCE);
        let [now, heldBack, tries] = [0, 0, 0];
        for (const step of steps) {
          // As the script answers while a suspect waits and no other process does anything for it.
          const turn = solo.turn(true, now);
          if (solo.told(turn === 'release' ? 'elsewhere' : 'here', now) === 'began') tries++;
          if (!solo.allowsClaiming(1, now)) heldBack += step;
          now += step;
          // It never forgets that one waits, though nothing else happens.
          expect(solo.nextLookMs(now)).toBeLessThan(Number.POSITIVE_INFINITY);
          // Two fifths at the end of a try, a quarter when it has rested; each try may be noticed to be over late.
          expect(heldBack).toBeLessThanOrEqual(0.4 * now + PATIENCE + 500 * tries);
        }
        for (const k of [1, 2, 3])
          if (now > 4 * PATIENCE * (2 ** k - 1) + 500 * 2 * k) expect(tries).toBeGreaterThan(k);
      }),
    );
  });
});
