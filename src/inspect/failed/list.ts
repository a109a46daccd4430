/**
 * The failed list, read page by page: memory stays bounded, however long the list and however large its entries. Must
 * not change anything, nor know what an entry means.
 *
 * N counts from 0 at the oldest, as in Resque. New failures come to the other end and leave N as it is; where somebody
 * removes an entry, those behind it move down. So a caller that keeps an N also keeps the entry's bytes or their SHA-1.
 */
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { entryId } from './entry.js';

/** An entry, and where it stood. */
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
/** Of the newest so many each, then farther and farther apart. */
const NEAR_ANCHORS = 8;
const FAR_ANCHORS = 10;
const FIRST_PAGE = 100;
/** Measured: larger pages cost memory and time to collect it again, smaller ones more calls. */
const PAGE_BYTES = 350_000;

export class FailedList {
  readonly #connection: Connection;
  readonly #key: string;
  readonly #mostInPage: number;
  /** Of the entries seen last: says how many make a page. */
  #meanBytes = PAGE_BYTES / FIRST_PAGE;

  /** @param mostInPage however small they are */
  constructor(connection: Connection, keys: Keys, mostInPage = MOST_IN_PAGE) {
    this.#connection = connection;
    this.#key = keys.failed;
    this.#mostInPage = mostInPage;
  }

  async length(): Promise<number> {
    return Number(await this.#connection.send(['LLEN', this.#key]));
  }

  /** How many entries to ask for at once. */
  get pageSize(): number {
    return Math.max(1, Math.min(this.#mostInPage, Math.floor(PAGE_BYTES / this.#meanBytes)));
  }

  get meanBytes(): number {
    return this.#meanBytes;
  }

  /** Entries `from` and following; fewer than `count` where the list ends. */
  async read(from: number, count: number): Promise<Listed[]> {
    if (count < 1) return [];
    const command = ['LRANGE', this.#key, String(from), String(from + count - 1)];
    const raws = (await this.#connection.send(command, { binary: true })) as Buffer[];
    if (raws.length > 0) this.#meanBytes = raws.reduce((sum, raw) => sum + raw.length, 0) / raws.length + 1;
    return raws.map((raw, i) => ({ n: from + i, raw }));
  }

  /**
   * Some of the newest entries, the newest first: as long as one of them is there, what is below it was there now.
   * @param length of how many entries, the oldest
   */
  async anchors(length: number): Promise<readonly Anchor[]> {
    const near = Math.max(0, length - NEAR_ANCHORS);
    const far = Array.from({ length: FAR_ANCHORS }, (_, i) => near - 2 ** i).filter((n) => n >= 0);
    const [newest, ...others] = await Promise.all([this.read(near, length - near), ...far.map((n) => this.read(n, 1))]);
    return [...newest.reverse(), ...others.flat()].map(({ n, raw }) => ({ n, id: entryId(raw) }));
  }

  /**
   * Pages from N downwards, newest first, and so within a page. Nothing that was there at the start is missed: what
   * others remove moves entries only to where the walk has yet to come, so that one may be met twice.
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
   * Where this entry stands now, at N or below: entries never move up.
   * @param mostPages after so many it is given up
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
