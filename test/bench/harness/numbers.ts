/** Figures: median, extremes, percentiles, ratios. Pure. */

/** What several runs gave. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order of the rounds. */
  readonly values: readonly number[];
}

export function figure(values: readonly number[]): Figure | undefined {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return undefined;
  const sorted = [...known].sort((a, b) => a - b);
  return { median: percentile(sorted, 50), min: sorted[0], max: sorted[sorted.length - 1], values: known };
}

/** Of sorted values, between the two nearest. */
export function percentile(sorted: readonly number[], percent: number): number {
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/** Round by round, so that a slow minute of the machine hits both sides. Rounds in which one is missing do not count. */
export function ratios(ours: readonly (number | undefined)[], theirs: readonly (number | undefined)[]): number[] {
  return ours.map((value, i) => (value ?? Number.NaN) / (theirs[i] ?? Number.NaN)).filter(Number.isFinite);
}
