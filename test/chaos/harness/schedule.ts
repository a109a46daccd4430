/** What a scenario does again and again while the jobs run. Bounded in time, and in number where that is given. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Schedule {
  readonly everyMs: number;
  /** Ends it, once enough was broken. */
  readonly forMs: number;
  /** Ends it as soon as it is true. */
  readonly until?: () => boolean;
  /** Ends it after so many times. */
  readonly times?: number;
  /** Until then it goes on, whatever the time. */
  readonly enough?: () => boolean;
}

/** Never enough is a fault that is told; it must not take for ever. */
const LONGEST_MS = 60_000;

/** The next turn begins `everyMs` after the last one began, or as soon as that has ended. */
export async function repeat(schedule: Schedule, action: () => unknown): Promise<void> {
  const { everyMs, forMs, until = () => false, times = Number.POSITIVE_INFINITY, enough = () => true } = schedule;
  const begin = performance.now();
  const isOver = () => performance.now() - begin > (enough() ? forMs : Math.max(forMs, LONGEST_MS));
  for (let turn = 0; turn < times && !isOver() && !until(); turn++) {
    const next = performance.now() + everyMs;
    await action();
    await sleep(Math.max(0, next - performance.now()));
  }
}
