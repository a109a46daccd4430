/** Distinguishes a child that is blocked by a job from a supervisor that was suspended. */
import { expect, onTestFinished, test } from 'vitest';
import { BlockedWatch } from '../../../src/supervisor/blocked-watch.js';
import type { Child } from '../../../src/supervisor/child-process.js';

const SECOND = 1000;

interface Played {
  working: boolean;
  pulsing: boolean;
  heardAt: number;
  limitMs: number;
}

/** Times are given by the test: the watch's own timer never comes to fire. */
function watching(...children: Played[]) {
  const told: string[] = [];
  const set = new Set(children as unknown as Child[]);
  const name = (child: Child) => [...set].indexOf(child);
  const watch = new BlockedWatch(set, {
    onBlocked: (child) => told.push(`${name(child)} blocked`),
    onAnswering: (child) => told.push(`${name(child)} answers`),
    onBeyondLimits: (child) => told.push(`${name(child)} beyond`),
  });
  onTestFinished(() => watch.stop());
  const pulse = (child: Played, now: number) => {
    child.heardAt = now;
    watch.heard(child as unknown as Child, now);
  };
  /** Looks each second, as its timer does. */
  const lookUntil = (from: number, to: number) => {
    for (let now = from + SECOND; now <= to; now += SECOND) watch.look(now);
  };
  return { watch, told, pulse, lookUntil };
}

const child = (more: Partial<Played> = {}): Played => ({
  working: true,
  pulsing: true,
  heardAt: 0,
  limitMs: 0,
  ...more,
});

test('a child that is silent although it announced more is blocked, once, until it answers', () => {
  const one = child();
  const { told, pulse, lookUntil, watch } = watching(one);
  pulse(one, 0);
  lookUntil(0, 5 * SECOND);
  expect(told).toEqual([]);
  lookUntil(5 * SECOND, 20 * SECOND);
  expect(told).toEqual(['0 blocked']);
  expect(watch.blockedSince(one as unknown as Child)).toBe(0);
  pulse(one, 21 * SECOND);
  expect(told).toEqual(['0 blocked', '0 answers']);
  expect(watch.blockedSince(one as unknown as Child)).toBeUndefined();
});

test('one that announced nothing may be silent for ever, and so may one that is still starting', () => {
  const [idle, starting] = [child({ pulsing: false }), child({ working: false })];
  const { told, pulse, lookUntil } = watching(idle, starting, child({ heardAt: 1e9 }));
  pulse(starting, 0);
  lookUntil(0, 1000 * SECOND);
  expect(told).toEqual([]);
});

test('beyond the longest limit of its jobs, and not before', () => {
  const one = child({ limitMs: 10 * SECOND });
  const { told, pulse, lookUntil } = watching(one);
  pulse(one, 0);
  lookUntil(0, 15 * SECOND);
  expect(told).toEqual(['0 blocked']);
  lookUntil(15 * SECOND, 16 * SECOND);
  expect(told).toEqual(['0 blocked', '0 beyond']);
});

test('a look that was itself late draws no conclusion: the whole group was suspended', () => {
  const one = child({ limitMs: SECOND });
  const { told, pulse, watch, lookUntil } = watching(one);
  pulse(one, 0);
  lookUntil(0, 2 * SECOND);
  // SIGSTOP, docker pause: an hour later both go on, and our timer fires before the pulse is read.
  const later = 3600 * SECOND;
  watch.look(later);
  expect(told).toEqual([]);
  pulse(one, later + 10);
  lookUntil(later, later + 5 * SECOND);
  expect(told).toEqual([]);
});

test('who stays silent after that is blocked all the same', () => {
  const one = child({ limitMs: SECOND });
  const { told, pulse, watch, lookUntil } = watching(one);
  pulse(one, 0);
  const later = 3600 * SECOND;
  watch.look(later);
  lookUntil(later, later + 5 * SECOND);
  expect(told).toEqual(['0 blocked', '0 beyond']);
});

test('one that is gone is forgotten', () => {
  const [one, other] = [child(), child()];
  const set = new Set([one, other] as unknown as Child[]);
  const told: string[] = [];
  const watch = new BlockedWatch(set, {
    onBlocked: () => told.push('blocked'),
    onAnswering: () => told.push('answers'),
    onBeyondLimits: () => {},
  });
  onTestFinished(() => watch.stop());
  watch.heard(one as unknown as Child, 0);
  for (let now = SECOND; now <= 6 * SECOND; now += SECOND) watch.look(now);
  set.delete(one as unknown as Child);
  watch.look(7 * SECOND);
  expect(watch.blockedSince(one as unknown as Child)).toBeUndefined();
  expect(told).toEqual(['blocked', 'blocked']);
});
