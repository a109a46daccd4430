/**
 * What is remembered of each entry of the failed list: 25 bytes, so that a million cost as many megabytes. A row has the
 * number of its entry, N; rows are known from `low` up to `high`. Pure; knows neither Redis nor what is asked of it.
 */
import { hash } from 'node:crypto';
import { FailedEntry, failureTime } from '../../inspect/failed/entry.js';
import type { Group, Groups } from './groups.js';

/** 8 bytes of a SHA-1. */
export interface ShortHash {
  readonly a: number;
  readonly b: number;
}

export const FLAGS = { retried: 1, unreadable: 2 } as const;

const NO_PAYLOAD: ShortHash = { a: 0, b: 0 };
const FIRST_CAPACITY = 1024;

export function shortHash(bytes: Buffer): ShortHash {
  const sha = hash('sha1', bytes, 'buffer');
  return { a: sha.readUInt32BE(0), b: sha.readUInt32BE(4) };
}

/** @param hex at least 16 digits */
export function shortHashOf(hex: string): ShortHash {
  return { a: Number.parseInt(hex.slice(0, 8), 16), b: Number.parseInt(hex.slice(8, 16), 16) };
}

export class FailureTable {
  readonly groups: Groups;
  readonly #queues = new Map<string, number>();
  readonly #queueNames: string[] = [];
  #low = 0;
  #high = 0;
  #columns = columnsOf(FIRST_CAPACITY);

  constructor(groups: Groups) {
    this.groups = groups;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  get size(): number {
    return this.#high - this.#low;
  }

  /** Nothing is known; what comes next is the row `n`, or the one before it. */
  clear(n: number): void {
    this.#low = n;
    this.#high = n;
    this.groups.clear();
    this.#queues.clear();
    this.#queueNames.length = 0;
    this.#columns = columnsOf(Math.max(FIRST_CAPACITY, n + (n >> 4)));
  }

  /** The row behind the last. */
  append(raw: Buffer): void {
    if (this.#high === this.#columns.idA.length) this.#grow();
    this.#put(this.#high, raw);
    this.#high++;
  }

  /** The row before the first. */
  prepend(raw: Buffer): void {
    this.#put(this.#low - 1, raw);
    this.#low--;
  }

  replace(n: number, raw: Buffer): void {
    this.#put(n, raw);
  }

  is(n: number, { a, b }: ShortHash): boolean {
    return n >= this.#low && n < this.#high && this.#columns.idA[n] === a && this.#columns.idB[n] === b;
  }

  /** The first row from `from` on with this id; -1: there is none. */
  find({ a, b }: ShortHash, from: number): number {
    const { idA, idB } = this.#columns;
    for (let n = Math.max(from, this.#low); n < this.#high; n++) if (idA[n] === a && idB[n] === b) return n;
    return -1;
  }

  /** `count` rows from `n` on are gone: those behind them move down. */
  splice(n: number, count: number): void {
    for (const column of Object.values(this.#columns)) column.copyWithin(n, n + count, this.#high);
    this.#high -= count;
  }

  /** Entries below the first row are gone: all rows move down. */
  moveDown(count: number): void {
    for (const column of Object.values(this.#columns)) column.copyWithin(this.#low - count, this.#low, this.#high);
    this.#low -= count;
    this.#high -= count;
  }

  /** The rows from `n` on are not known any more. */
  truncate(n: number): void {
    this.#high = Math.max(this.#low, Math.min(n, this.#high));
  }

  /** Takes out the newest row of each of these ids, as often as it is there. */
  takeOut(ids: readonly ShortHash[]): void {
    const wanted = new Map<number, Map<number, number>>();
    for (const { a, b } of ids) {
      const counts = wanted.get(a) ?? new Map<number, number>();
      wanted.set(a, counts.set(b, (counts.get(b) ?? 0) + 1));
    }
    const { idA, idB } = this.#columns;
    const gone: number[] = [];
    for (let n = this.#high - 1; n >= this.#low && gone.length < ids.length; n--) {
      const counts = wanted.get(idA[n]);
      const count = counts?.get(idB[n]) ?? 0;
      if (count === 0) continue;
      counts?.set(idB[n], count - 1);
      gone.push(n);
    }
    this.#compact(gone.reverse());
  }

  /** @param gone by rising number */
  #compact(gone: readonly number[]): void {
    if (gone.length === 0) return;
    for (const column of Object.values(this.#columns))
      for (const [i, n] of gone.entries()) column.copyWithin(n - i, n + 1, gone[i + 1] ?? this.#high);
    this.#high -= gone.length;
  }

  /** Seconds since 1970; 0: its time cannot be read. */
  timeOf(n: number): number {
    return this.#columns.time[n];
  }

  groupOf(n: number): number {
    return this.#columns.group[n];
  }

  queueOf(n: number): number {
    return this.#columns.queue[n];
  }

  has(n: number, flag: number): boolean {
    return (this.#columns.flags[n] & flag) !== 0;
  }

  /** Of what a retry pushes; undefined where there is nothing to push. */
  payloadOf(n: number): ShortHash | undefined {
    const { payloadA, payloadB } = this.#columns;
    return payloadA[n] === 0 && payloadB[n] === 0 ? undefined : { a: payloadA[n], b: payloadB[n] };
  }

  get queueNames(): readonly string[] {
    return this.#queueNames;
  }

  group(number: number): Group {
    return this.groups.get(number);
  }

  #put(n: number, raw: Buffer): void {
    const columns = this.#columns;
    const entry = new FailedEntry(raw);
    const id = shortHash(raw);
    const payload = payloadHash(entry, raw);
    const at = failureTime(entry);
    columns.idA[n] = id.a;
    columns.idB[n] = id.b;
    columns.payloadA[n] = payload.a;
    columns.payloadB[n] = payload.b;
    columns.time[n] = at === undefined ? 0 : Math.max(0, Math.min(2 ** 32 - 1, Math.floor(at / 1000)));
    columns.group[n] = this.groups.numberOf(entry);
    columns.queue[n] = this.#queueNumber(entry.queue);
    const { retriedAt, unreadable } = entry;
    columns.flags[n] =
      (retriedAt === undefined ? 0 : FLAGS.retried) | (unreadable === undefined ? 0 : FLAGS.unreadable);
  }

  /** A list of more queues than have a number is not Resque's: the rest share the last. */
  #queueNumber(name: string): number {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    if (this.#queueNames.length === MOST_QUEUES) return MOST_QUEUES - 1;
    // As a text of its own: a piece of the entry would keep all of it in memory.
    const own = Buffer.from(name).toString();
    this.#queues.set(own, this.#queueNames.push(own) - 1);
    return this.#queueNames.length - 1;
  }

  #grow(): void {
    const grown = columnsOf(Math.ceil(this.#high * 1.25));
    for (const [name, column] of Object.entries(this.#columns)) grown[name as keyof Columns].set(column);
    this.#columns = grown;
  }
}

const MOST_QUEUES = 2 ** 16;

type Columns = ReturnType<typeof columnsOf>;

function columnsOf(capacity: number) {
  return {
    idA: new Uint32Array(capacity),
    idB: new Uint32Array(capacity),
    payloadA: new Uint32Array(capacity),
    payloadB: new Uint32Array(capacity),
    time: new Uint32Array(capacity),
    group: new Uint16Array(capacity),
    queue: new Uint16Array(capacity),
    flags: new Uint8Array(capacity),
  };
}

/** Of what a retry pushes. */
export function payloadHash(entry: FailedEntry, raw: Buffer): ShortHash {
  const job = entry.requeue('any');
  if (typeof job === 'string') return NO_PAYLOAD;
  return shortHash(Buffer.isBuffer(job.payload) ? job.payload : raw.subarray(job.payload.from, job.payload.to));
}
