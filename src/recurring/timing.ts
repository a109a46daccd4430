/** When an entry of a schedule fires: by a cron text, or on a grid. Pure. */
import { createHash } from 'node:crypto';
import { type CronTiming, nextOfCron } from './cron.js';

/** `everyMs`: at each multiple of it since 1970, so that no restart shifts it. */
export type Timing = CronTiming | { readonly everyMs: number };

/** @returns the first tick after `afterMs`, in milliseconds since 1970; undefined: never again */
export function nextTick(timing: Timing, afterMs: number): number | undefined {
  if (!('everyMs' in timing)) return nextOfCron(timing, afterMs);
  return (Math.floor(afterMs / timing.everyMs) + 1) * timing.everyMs;
}

/** Tells whether an entry still has the timing for which its next tick was computed. */
export function fingerprint(timing: Timing): string {
  const text = 'everyMs' in timing ? `every ${timing.everyMs}` : `${timing.cron} ${timing.timezone}`;
  return createHash('sha1').update(text).digest('hex').slice(0, 8);
}

/** Its text. */
export function timingText(timing: Timing): string {
  if (!('everyMs' in timing)) return `${timing.cron} ${timing.timezone}`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const [unit, ms] = units.find(([, size]) => timing.everyMs % size === 0) ?? (['ms', 1] as const);
  return `every ${timing.everyMs / ms}${unit}`;
}

/** The delay of a tick: the same on every machine. */
export function jitterOf(name: string, tickMs: number, jitterMs: number): number {
  if (jitterMs === 0) return 0;
  const hash = createHash('sha1').update(`${name}\n${tickMs}`).digest();
  return hash.readUInt32BE(0) % (jitterMs + 1);
}
