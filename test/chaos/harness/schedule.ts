/** What a scenario does again and again while the jobs run. Bounded in time and in number. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Schedule {
  readonly everyMs: number;
  /** Ends it at the latest. */
  readonly forMs: number;
  /** Ends it as soon as it is true. */
  readonly until?: () => boolean;
  readonly times?: number;
}

/** The next turn begins `everyMs` after the last one began, or as soon as that has ended. */
export async function repeat(schedule: Schedule, action: () => unknown): Promise<void> {
  const { everyMs, forMs, until = () => false, times = Number.POSITIVE_INFINITY } = schedule;
  const end = performance.now() + forMs;
  for (let turn = 0; turn < times && performance.now() < end && !until(); turn++) {
    const next = performance.now() + everyMs;
    await action();
    await sleep(Math.max(0, next - performance.now()));
  }
}
