/** A histogram: the number of values in each bucket, and their sum. */

/** Plain data, not cumulative. `buckets` has one entry more than there are bounds: the values above all of them. */
export interface HistogramCounts {
  readonly buckets: readonly number[];
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #sum = 0;
  #any = false;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]) bucket++;
    this.#buckets[bucket]++;
    this.#sum += value;
    this.#any = true;
  }

  add(counts: HistogramCounts): void {
    for (let i = 0; i < counts.buckets.length; i++) this.#buckets[i] += counts.buckets[i];
    this.#sum += counts.sum;
    this.#any = true;
  }

  /** Whether a value was observed since the last drain. */
  get any(): boolean {
    return this.#any;
  }

  get counts(): HistogramCounts {
    return { buckets: [...this.#buckets], sum: this.#sum };
  }

  /** Takes the counts since the last call; undefined: no value was observed. */
  drain(): HistogramCounts | undefined {
    if (!this.#any) return undefined;
    const counts = this.counts;
    this.#buckets.fill(0);
    this.#sum = 0;
    this.#any = false;
    return counts;
  }
}
