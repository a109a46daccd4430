/** A histogram while it is counted: how many values fell into each bucket, and their sum. Knows no metric. */

/** Plain data. `buckets` holds one more than there are bounds: what is above them all. Not cumulative. */
export interface Tally {
  readonly buckets: readonly number[];
  readonly sum: number;
}

export class Counted {
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

  add(tally: Tally): void {
    for (let i = 0; i < tally.buckets.length; i++) this.#buckets[i] += tally.buckets[i];
    this.#sum += tally.sum;
    this.#any = true;
  }

  /** Since the last drain. */
  get any(): boolean {
    return this.#any;
  }

  get tally(): Tally {
    return { buckets: [...this.#buckets], sum: this.#sum };
  }

  /** What was counted since the last call; undefined: nothing. */
  drain(): Tally | undefined {
    if (!this.#any) return undefined;
    const tally = this.tally;
    this.#buckets.fill(0);
    this.#sum = 0;
    this.#any = false;
    return tally;
  }
}
