/**
 * Computes which ticks of an entry are enqueued now: the due ones, and missed ones according to its `missed` option.
 * Pure.
 */
import type { Entry } from './entry.js';
import { jitterOf, nextTick } from './timing.js';

/** A tick that is later than this was missed: no scheduler was running. */
export const MISSED_AFTER_MS = 10_000;
/** A missed tick that is older is not made up for, with `missed: 'once'`. */
const ONCE_WITHIN_MS = 3_600_000;
const MOST_AT_ONCE = 100;

export interface DueTicks {
  /** In order. */
  readonly ticks: readonly number[];
  /** The first one that is not due; undefined if there is none. */
  readonly next: number | undefined;
}

type Ticking = Pick<Entry, 'name' | 'timing' | 'missed' | 'jitterMs'>;

/** When the tick is enqueued. */
export function fireTime({ name, jitterMs }: Pick<Entry, 'name' | 'jitterMs'>, tick: number): number {
  return tick + jitterOf(name, tick, jitterMs);
}

/** @param next the first tick that has not been enqueued */
export function dueTicks(entry: Ticking, next: number, nowMs: number): DueTicks {
  const late: number[] = [];
  const onTime: number[] = [];
  let tick: number | undefined = skipAhead(entry, next, nowMs);
  while (tick !== undefined && fireTime(entry, tick) <= nowMs) {
    // Uses the maximum jitter, so that a later tick is never missed before an earlier one.
    const missed = nowMs - entry.jitterMs - tick > MISSED_AFTER_MS;
    (missed ? late : onTime).push(tick);
    if (late.length > MOST_AT_ONCE) late.shift();
    tick = nextTick(entry.timing, tick);
  }
  return { ticks: [...madeUpFor(entry, late, onTime, nowMs), ...onTime], next: tick };
}

function madeUpFor({ missed }: Ticking, late: readonly number[], onTime: readonly number[], nowMs: number): number[] {
  if (missed === 'all') return [...late];
  const last = late.at(-1);
  // A tick that is enqueued now replaces the missed ones.
  if (missed === 'skip' || last === undefined || onTime.length > 0) return [];
  return nowMs - last <= ONCE_WITHIN_MS ? [last] : [];
}

/** After a long outage not every missed second is computed: only ticks that can still matter. */
function skipAhead(entry: Ticking, next: number, nowMs: number): number | undefined {
  if (entry.missed === 'all') return lookBack(entry, next, nowMs, { enough: MOST_AT_ONCE + 1, limitMs: Infinity });
  const limitMs = entry.missed === 'skip' ? MISSED_AFTER_MS : ONCE_WITHIN_MS;
  return lookBack(entry, next, nowMs, { enough: 1, limitMs });
}

/** The first tick of a period with enough ticks, or of the maximum length: tries longer and longer periods. */
function lookBack(
  { timing, jitterMs }: Ticking,
  next: number,
  nowMs: number,
  { enough, limitMs }: { readonly enough: number; readonly limitMs: number },
): number | undefined {
  const until = nowMs - jitterMs;
  for (let spanMs = MISSED_AFTER_MS; ; spanMs *= 4) {
    const from = until - Math.min(spanMs, limitMs) - 1;
    if (from < next) return next;
    const first = nextTick(timing, from);
    let count = 0;
    for (let tick = first; tick !== undefined && tick <= until && count < enough; count++)
      tick = nextTick(timing, tick);
    if (count >= enough || spanMs >= limitMs) return first;
  }
}
