/**
 * The failed list as pages and actions use it: its index, its entries, and a search through them. Reads are bounded, and what is
 * handed out was read as it stands; what may be shown of it says the redactor.
 */
import { FailedEntry } from '../../inspect/failed/entry.js';
import { type Anchor, FailedList, type Listed } from '../../inspect/failed/list.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { Budget, paced } from '../model/budget.js';
import type { Redactor } from '../redact/redactor.js';
import { entryMatcher, type FailureFilter, needsReading } from './filter.js';
import { FailureIndex } from './index.js';
import { IndexKeeper } from './keeper.js';
import { type Facet, summarize } from './summary.js';

export interface Search {
  /** Those that match, the newest first. */
  readonly entries: readonly Listed[];
  /** How many were looked at. */
  readonly seen: number;
  /** The N to go on with, downwards; undefined: all were looked at. */
  readonly next: number | undefined;
}

export interface SearchOptions {
  readonly from?: number | undefined;
  /** Enough: the search ends behind them. */
  readonly most: number;
  readonly ms: number;
}

export interface Survey {
  readonly matching: number;
  readonly queues: readonly Facet[];
  /** By resque-web, which left the entry. */
  readonly retried: number;
}

/** Index: calls a second, and at once after a rest. */
const INDEX_CALLS = 20;
const ROWS_AT_ONCE = 10;
const MOST_BYTES = 4_000_000;
/** An entry that has moved is looked for in so many pages. */
const MOST_PAGES = 20;

export interface FailuresOptions {
  /** For reading: bounded. */
  readonly pages: Connection;
  /** For what belongs to an action, and for reads within one round trip. */
  readonly acting: Connection;
  readonly keys: Keys;
  readonly redactor: Redactor;
}

export class Failures {
  readonly redactor: Redactor;
  readonly index: FailureIndex;
  readonly keeper: IndexKeeper;
  readonly #keys: Keys;
  readonly #pages: Connection;
  readonly #acting: Connection;

  constructor({ pages, acting, keys, redactor }: FailuresOptions) {
    this.#pages = pages;
    this.#acting = acting;
    this.#keys = keys;
    this.redactor = redactor;
    const connection = paced(acting, new Budget(INDEX_CALLS, INDEX_CALLS));
    this.index = new FailureIndex({ connection, keys, mask: (text) => this.redactor.text(text) });
    this.keeper = new IndexKeeper(this.index);
  }

  /** Entries of these rows as they stand now, until they are as large as a page may be. */
  async read(rows: readonly number[]): Promise<readonly Listed[]> {
    const entries: Listed[] = [];
    let bytes = 0;
    for (let at = 0; at < rows.length && bytes < MOST_BYTES; at += ROWS_AT_ONCE) {
      const some = await this.#readAtOnce(rows.slice(at, at + ROWS_AT_ONCE));
      entries.push(...some);
      bytes += some.reduce((sum, { raw }) => sum + raw.length, 0);
    }
    this.index.seen(entries);
    return entries;
  }

  /** One round trip: it counts as one call. */
  async #readAtOnce(rows: readonly number[]): Promise<readonly Listed[]> {
    const read = (connection: Connection, n: number) => new FailedList(connection, this.#keys).read(n, 1);
    const [first, ...others] = rows;
    const found = await read(this.#pages, first);
    return [found, ...(await Promise.all(others.map((n) => read(this.#acting, n))))].flat();
  }

  /** The entry that stood there when it was shown, wherever it is now; undefined: it is gone, or far from there. */
  async find(n: number, id: string): Promise<Listed | undefined> {
    return await new FailedList(this.#pages, this.#keys).find((one) => one.startsWith(id), n, MOST_PAGES);
  }

  async search(filter: FailureFilter, { from, most, ms }: SearchOptions): Promise<Search> {
    const until = performance.now() + ms;
    const matches = entryMatcher(filter, this.redactor);
    const entries: Listed[] = [];
    let [seen, bytes] = [0, 0];
    for await (const page of new FailedList(this.#pages, this.#keys).down(from))
      for (const listed of page) {
        seen++;
        if (matches(new FailedEntry(listed.raw))) {
          entries.push(listed);
          bytes += listed.raw.length;
        }
        const isLast = listed === page.at(-1);
        if (entries.length < most && bytes < MOST_BYTES && !(isLast && performance.now() > until)) continue;
        return { entries, seen, next: listed.n === 0 ? undefined : listed.n - 1 };
      }
    return { entries, seen, next: undefined };
  }

  /**
   * What an action on all that match would be about: by the index, or by a look at each entry where the index does not know.
   * @returns undefined where not all could be looked at in time
   */
  async survey(filter: FailureFilter, ms: number): Promise<Survey | undefined> {
    await this.keeper.refresh();
    if (!this.index.isComplete) return undefined;
    if (!needsReading(filter)) {
      const { matching, queues, retried } = summarize(this.index.table, filter, Date.now());
      return { matching, queues, retried };
    }
    const until = performance.now() + ms;
    const matches = entryMatcher(filter, this.redactor);
    const queues = new Map<string, number>();
    let [matching, retried] = [0, 0];
    for await (const page of new FailedList(this.#pages, this.#keys).down()) {
      for (const entry of page.map(({ raw }) => new FailedEntry(raw)).filter(matches)) {
        matching++;
        if (entry.retriedAt !== undefined) retried++;
        queues.set(entry.queue, (queues.get(entry.queue) ?? 0) + 1);
      }
      if (performance.now() > until && page.at(-1)?.n !== 0) return undefined;
    }
    return { matching, queues: [...queues].map(([name, count]) => ({ name, count })), retried };
  }

  /** Names what is in the list now, for an operation. */
  async anchors(): Promise<readonly Anchor[]> {
    const list = new FailedList(this.#acting, this.#keys);
    return await list.anchors(await list.length());
  }

  async close(): Promise<void> {
    await this.keeper.close();
  }
}
