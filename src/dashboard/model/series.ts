/**
 * The history as points of a chart: rates from counters, and lengths, over equal steps. What was not measured has no value:
 * a gap stays a gap. Pure.
 */
import type { History, Sample } from '../../resque/history.js';

export interface Range {
  readonly name: string;
  readonly steps: number;
  readonly stepMs: number;
  readonly from: 'minutes' | 'hours';
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The first is the default. */
export const RANGES: readonly Range[] = [
  { name: '1h', steps: 60, stepMs: MINUTE_MS, from: 'minutes' },
  { name: '6h', steps: 72, stepMs: 5 * MINUTE_MS, from: 'minutes' },
  { name: '24h', steps: 96, stepMs: 15 * MINUTE_MS, from: 'minutes' },
  { name: '48h', steps: 96, stepMs: 30 * MINUTE_MS, from: 'minutes' },
  { name: '90d', steps: 90, stepMs: 24 * HOUR_MS, from: 'hours' },
];

/** Between two samples further apart than this nobody measured. */
const LONGEST_MS = { minutes: 3.5 * MINUTE_MS, hours: 3.5 * HOUR_MS } as const;

export interface Point {
  /** When its step begins. Milliseconds. */
  readonly at: number;
  /** A second. */
  readonly processed: number | undefined;
  readonly failed: number | undefined;
  /** The last of the step. */
  readonly waiting: number | undefined;
  readonly failedList: number | undefined;
}

export interface Series {
  readonly range: Range;
  readonly points: readonly Point[];
}

export function rangeOf(name: string | null): Range {
  return RANGES.find((range) => range.name === name) ?? RANGES[0];
}

/** Up to now: the last step is the one that has begun. */
export function seriesOf(history: History, range: Range, now: number): Series {
  const { steps, stepMs, from } = range;
  const begin = (Math.floor(now / stepMs) - steps + 1) * stepMs;
  const samples = history[from];
  const processed = rates(samples, 'processed', range, begin);
  const failed = rates(samples, 'failed', range, begin);
  const last: (Sample | undefined)[] = new Array(steps).fill(undefined);
  for (const sample of samples) {
    const step = Math.floor((sample.at - begin) / stepMs);
    if (step >= 0 && step < steps) last[step] = sample;
  }
  const points = last.map((sample, i) => ({
    at: begin + i * stepMs,
    processed: processed[i],
    failed: failed[i],
    waiting: sample?.waiting,
    failedList: sample?.failedList,
  }));
  return { range, points };
}

/** What a counter gained between two samples is spread evenly over the time between them. */
function rates(
  samples: readonly Sample[],
  of: 'processed' | 'failed',
  { steps, stepMs, from }: Range,
  begin: number,
): readonly (number | undefined)[] {
  const gained = new Array<number>(steps).fill(0);
  const measuredMs = new Array<number>(steps).fill(0);
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1], samples[i]];
    const [first, last] = [before[of], after[of]];
    const ms = after.at - before.at;
    // A counter that was reset, or put back from a backup, does not say what happened meanwhile.
    if (first === undefined || last === undefined || last < first || ms <= 0 || ms > LONGEST_MS[from]) continue;
    const lastStep = Math.min(steps - 1, Math.floor((after.at - begin) / stepMs));
    for (let step = Math.max(0, Math.floor((before.at - begin) / stepMs)); step <= lastStep; step++) {
      const start = begin + step * stepMs;
      const overlap = Math.min(after.at, start + stepMs) - Math.max(before.at, start);
      gained[step] += ((last - first) * overlap) / ms;
      measuredMs[step] += overlap;
    }
  }
  return gained.map((sum, step) => (measuredMs[step] > 0 ? (sum * 1000) / measuredMs[step] : undefined));
}
