/**
 * Keeps a table of the whole failed list, by bounded reads: newest first until all is known, then what is new. Where others
 * remove entries, it finds by some probes which rows are gone. A table that is wrong misleads no action: entries are named by
 * their bytes. Must not change anything in Redis.
 */
import { FailedList, type Listed } from '../../inspect/failed/list.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { Groups } from './groups.js';
import { FailureTable, type ShortHash, shortHash, shortHashOf } from './table.js';

export interface IndexOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  /** How a text may be shown. */
  readonly mask: (text: string) => string;
  readonly random?: () => number;
  /** However small the entries are. */
  readonly mostInPage?: number;
}

/** more: there is more to do at once; checked: much was read, a rest is due; idle: all is known. */
export type StepResult = 'more' | 'checked' | 'idle';

/** Gaps that are looked for in one step; each costs about twenty small reads in a list of a million. */
const MOST_GAPS = 8;
const PROBES = 8;
/** Where more than this is new, or has moved, it is read newest first again. */
const LONGEST_GAP = 20_000;

export class FailureIndex {
  readonly table: FailureTable;
  readonly #list: FailedList;
  readonly #random: () => number;
  #total = 0;
  #own: ShortHash[] = [];
  #version = 0;

  constructor({ connection, keys, mask, random = Math.random, mostInPage }: IndexOptions) {
    this.table = new FailureTable(new Groups(mask));
    this.#list = new FailedList(connection, keys, mostInPage);
    this.#random = random;
  }

  /** Entries in the list when it was last looked at. */
  get total(): number {
    return this.#total;
  }

  /** Of the entries that were read last. */
  get meanBytes(): number {
    return this.#list.meanBytes;
  }

  get isComplete(): boolean {
    return this.table.size === this.#total;
  }

  /** Rises whenever something changed. */
  get version(): number {
    return this.#version;
  }

  /** Entries that we have taken out ourselves: nobody need find out which. @param ids SHA-1 in hex */
  taken(ids: readonly string[]): void {
    for (const id of ids) this.#own.push(shortHashOf(id));
  }

  /** One read of new entries, one of old ones, or a search for what has moved. */
  async step(): Promise<StepResult> {
    const { table } = this;
    this.#takeOutOwn();
    const length = await this.#list.length();
    if (length !== this.#total) this.#version++;
    this.#total = length;
    if (table.size === 0 || length === 0 || length - table.high > LONGEST_GAP) this.#startAnew(length);
    if (length === 0) return 'idle';
    if (table.size > 0) {
      const added = await this.#readNew();
      if (added === undefined) return await this.#findMoved(length);
      if (added > 0) return 'more';
    }
    if (table.low === 0) return 'idle';
    return (await this.#readOlder()) ? 'more' : await this.#findMoved(length);
  }

  /** Looks at a row by chance. To be called now and then. */
  async probe(): Promise<void> {
    const { table } = this;
    if (table.size === 0) return;
    const n = this.#someRow();
    const from = Math.max(table.low, n - 1);
    const around = await this.#list.read(from, 3);
    const wrong = around.filter((listed) => listed.n < table.high && !this.#stands(listed));
    if (wrong.length === 0) return;
    // What somebody else has changed in its place has neighbours that stand.
    if (wrong.length === 1 && around.length > 1) this.#replace(wrong[0]);
    else this.#startAnew(this.#total);
  }

  /** Entries that were read for another reason: one that stands there with other bytes was changed in its place. */
  seen(entries: readonly Listed[]): void {
    for (const listed of entries)
      if (listed.n >= this.table.low && listed.n < this.table.high && !this.#stands(listed)) this.#replace(listed);
  }

  forget(): void {
    this.#startAnew(0);
  }

  #startAnew(length: number): void {
    this.table.clear(length);
    this.#version++;
  }

  #replace({ n, raw }: Listed): void {
    this.table.replace(n, raw);
    this.#version++;
  }

  #takeOutOwn(): void {
    if (this.#own.length === 0) return;
    this.table.takeOut(this.#own);
    this.#own = [];
    this.#version++;
  }

  /** Together with the last row that is known. @returns how many; undefined: that one no longer stands there */
  async #readNew(): Promise<number | undefined> {
    const { table } = this;
    const [last, ...fresh] = await this.#list.read(table.high - 1, this.#list.pageSize + 1);
    if (last === undefined || !this.#stands(last)) return undefined;
    for (const { raw } of fresh) table.append(raw);
    if (fresh.length > 0) this.#version++;
    return fresh.length;
  }

  /** Together with the first row that is known. @returns false: that one no longer stands there */
  async #readOlder(): Promise<boolean> {
    const { table } = this;
    const from = Math.max(0, table.low - this.#list.pageSize);
    const page = await this.#list.read(from, table.low - from + (table.size > 0 ? 1 : 0));
    if (page.length < table.low - from) {
      this.#startAnew(from + page.length);
      return true;
    }
    if (table.size > 0) {
      const first = page.pop();
      if (first === undefined || !this.#stands(first)) return false;
    }
    for (const { raw } of page.reverse()) table.prepend(raw);
    this.#version++;
    return true;
  }

  #stands({ n, raw }: Listed): boolean {
    return this.table.is(n, shortHash(raw));
  }

  async #standsAt(n: number, row = n): Promise<boolean> {
    const [entry] = n < 0 ? [] : await this.#list.read(n, 1);
    return entry !== undefined && this.table.is(row, shortHash(entry.raw));
  }

  /** Some rows are gone: which? */
  async #findMoved(length: number): Promise<StepResult> {
    const { table } = this;
    this.#version++;
    for (let gaps = 0; gaps < MOST_GAPS; gaps++) {
      const end = Math.min(table.high, length);
      const first = await this.#firstMoved(end);
      if (first >= end) table.truncate(end);
      else if (!(await this.#closeGap(first))) break;
      if (await this.#agrees()) return 'checked';
    }
    this.#startAnew(length);
    return 'checked';
  }

  /** By halves: what was removed moves all that is behind it. */
  async #firstMoved(end: number): Promise<number> {
    let [low, high] = [this.table.low, end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await this.#standsAt(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @returns false: nothing that is known comes behind it */
  async #closeGap(first: number): Promise<boolean> {
    const { table } = this;
    const [entry, next] = await this.#list.read(first, 2);
    if (entry === undefined) return true;
    const row = table.find(shortHash(entry.raw), first + 1);
    if (row === -1) {
      const isChanged = next === undefined ? first === table.high - 1 : this.#stands(next);
      if (isChanged) table.replace(first, entry.raw);
      else table.truncate(first);
      return table.size > 0;
    }
    const count = row - first;
    if (first === table.low && (await this.#standsAt(first - count, first))) table.moveDown(count);
    else table.splice(first, count);
    return true;
  }

  /** The last row stands, and so do some by chance. */
  async #agrees(): Promise<boolean> {
    const { table } = this;
    if (table.size === 0) return false;
    const rows = new Set([table.high - 1, table.low, ...Array.from({ length: PROBES }, () => this.#someRow())]);
    for (const n of rows) if (!(await this.#standsAt(n))) return false;
    return true;
  }

  #someRow(): number {
    return this.table.low + Math.floor(this.#random() * this.table.size);
  }
}
