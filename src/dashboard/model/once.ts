/** What several viewers ask for at the same time is read once, and kept for a second. */

const KEPT_MS = 1000;
const MOST = 500;

export class Once {
  readonly #now: () => number;
  readonly #made = new Map<string, { readonly at: number; readonly value: Promise<unknown> }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param key says all that the answer depends on */
  async get<T>(key: string, make: () => Promise<T>): Promise<T> {
    const now = this.#now();
    const known = this.#made.get(key);
    if (known !== undefined && now - known.at < KEPT_MS) return (await known.value) as T;
    for (const [old, { at }] of this.#made) if (now - at >= KEPT_MS || this.#made.size >= MOST) this.#made.delete(old);
    const value = make();
    // Counted from when it is there: a slow answer is shared by all who wait for it.
    const entry = { at: Number.POSITIVE_INFINITY, value };
    this.#made.set(key, entry);
    try {
      return await value;
    } finally {
      if (this.#made.get(key) === entry) this.#made.set(key, { at: this.#now(), value });
    }
  }
}
