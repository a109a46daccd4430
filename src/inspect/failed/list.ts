/**
 * Reads the failed list page by page: memory stays bounded for any length of the list and size of its entries. Changes
 * nothing.
 *
 * N counts from 0 at the oldest, as in Resque. New failures are appended at the other end and do not change N; if an
 * entry is removed, those after it move down. So a caller that keeps an N also keeps the entry's bytes or their SHA-1.
 */
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { entryId } from './entry.js';

/** An entry, and its position. */
export interface Anchor {
  readonly n: number;
  /** SHA-1, or its beginning. */
  readonly id: string;
}

/** An entry as it was read. */
export interface Listed {
  readonly n: number;
  readonly raw: Buffer;
}

export const MOST_IN_PAGE = 1000;
/** Positions of anchors: each of the newest, then at growing distances. */
const NEAR_ANCHORS = 8;
const FAR_ANCHORS = 10;
const FIRST_PAGE = 100;
/** Measured: larger pages cost memory and time to collect it again, smaller ones more calls. */
const PAGE_BYTES = 350_000;

export class FailedList {
  readonly #connection: Connection;
  readonly #key: string;
  readonly #mostInPage: number;
  /** Average size of the last entries read: determines how many make a page. */
  #meanBytes = PAGE_BYTES / FIRST_PAGE;

  /** @param mostInPage maximum number of entries, even if they are small */
  constructor(connection: Connection, keys: Keys, mostInPage = MOST_IN_PAGE) {
    this.#connection = connection;
    this.#key = keys.failed;
    this.#mostInPage = mostInPage;
  }

  async length(): Promise<number> {
    return Number(await this.#connection.send(['LLEN', this.#key]));
  }

  /** How many entries to read in one call. */
  get pageSize(): number {
    return Math.max(1, Math.min(this.#mostInPage, Math.floor(PAGE_BYTES / this.#meanBytes)));
  }

  get meanBytes(): number {
    return this.#meanBytes;
  }

  /** Entries from `from` on; fewer than `count` at the end of the list. */
  async read(from: number, count: number): Promise<Listed[]> {
    if (count < 1) return [];
    const command = ['LRANGE', this.#key, String(from), String(from + count - 1)];
    const raws = (await this.#connection.send(command, { binary: true })) as Buffer[];
    if (raws.length > 0) this.#meanBytes = raws.reduce((sum, raw) => sum + raw.length, 0) / raws.length + 1;
    return raws.map((raw, i) => ({ n: from + i, raw }));
  }

  /**
   * Some of the newest entries, the newest first: while one of them exists, everything below it existed now.
   * @param length number of the oldest entries to consider
   */
  async anchors(length: number): Promise<readonly Anchor[]> {
    const near = Math.max(0, length - NEAR_ANCHORS);
    const far = Array.from({ length: FAR_ANCHORS }, (_, i) => near - 2 ** i).filter((n) => n >= 0);
    const [newest, ...others] = await Promise.all([this.read(near, length - near), ...far.map((n) => this.read(n, 1))]);
    return [...newest.reverse(), ...others.flat()].map(({ n, raw }) => ({ n, id: entryId(raw) }));
  }

  /**
   * Pages from N downwards, newest first, also within a page. Every entry that existed at the start is read: removals
   * by others move entries only to positions that are still to be read, so an entry may be read twice.
   * @param from the N of the first; default the newest
   */
  async *down(from?: number): AsyncGenerator<Listed[]> {
    let end = Math.min((await this.length()) - 1, from ?? Number.POSITIVE_INFINITY) + 1;
    while (end > 0) {
      const start = Math.max(0, end - this.pageSize);
      const page = await this.read(start, end - start);
      if (page.length > 0) yield page.reverse();
      end = start;
    }
  }

  /**
   * The current position of this entry, at N or below: entries never move up.
   * @param mostPages gives up after this many
   */
  async find(
    matches: (id: string) => boolean,
    from: number,
    mostPages = Number.POSITIVE_INFINITY,
  ): Promise<Listed | undefined> {
    let pages = 0;
    for await (const page of this.down(from)) {
      const found = page.find(({ raw }) => matches(entryId(raw)));
      if (found !== undefined || ++pages === mostPages) return found;
    }
    return undefined;
  }
}
