/**
 * The jobs of one queue: walked from its head, filtered, and moved or removed, while workers take from it and producers push
 * to it. Each is named by its bytes near to where it was seen, so what was agreed to is what is taken.
 */
import { randomUUID } from 'node:crypto';
import type { Connection } from '../redis/connection.js';
import { decodePayload } from '../resque/codec.js';
import { comparable } from '../resque/comparable.js';
import type { Keys } from '../resque/keys.js';
import { lockArgs, readLock } from '../resque/lock.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { readJob } from './payload.js';
import { keyOf, type QueuedJob, type QueueName, queueSize } from './queues.js';

/** All that is given must hold. */
export interface QueuedFilter {
  /** One of these; of an ActiveJob job its own class. */
  readonly classes?: readonly string[] | undefined;
  /** The arguments, as {@link comparable} writes them. */
  readonly args?: string | undefined;
  /** Found anywhere in the payload. */
  readonly text?: string | undefined;
  /** Pushed before this time (ms), as far as the payload says when. */
  readonly before?: number | undefined;
}

/** One page of a walk: what was read, and what of it matches. */
interface Page {
  readonly first: number;
  readonly read: number;
  readonly jobs: readonly QueuedJob[];
}

const FIRST_PAGE = 50;
const LARGEST_PAGE = 1000;
const PAGE_BYTES = 1_000_000;
/** A claim may take as many as are in a page, and more than one may come between two steps. */
const SLACK_PAGES = 2;

/**
 * A walk from head to tail, over as many jobs as there were when it began. Workers pop meanwhile: each page begins with
 * entries that were looked at before, and by the last of them that stayed is seen how far the list has moved up.
 */
class Walk {
  readonly #options: WalkOptions;
  #next: number;
  #left: number;
  #size = FIRST_PAGE;
  #fresh: readonly Buffer[] = [];
  #last: Buffer | undefined;
  #lastBefore: Buffer | undefined;

  constructor(options: WalkOptions, length: number) {
    this.#options = options;
    this.#next = options.from;
    this.#left = length - options.from;
  }

  /** Entries on either side of a page among which its jobs are found again. */
  get slack(): number {
    return SLACK_PAGES * this.#size;
  }

  async page(): Promise<Page | undefined> {
    if (this.#left <= 0) return undefined;
    const { from, entries, known } = await this.#read();
    const fresh = entries.slice(known);
    if (fresh.length === 0) return undefined;
    this.#left -= Math.max(1, from + entries.length - this.#next);
    const first = from + known;
    this.#next = first + fresh.length;
    this.#lastBefore = this.#last;
    this.#last = fresh[fresh.length - 1];
    this.#fresh = fresh;
    this.#grow(fresh);
    const jobs = fresh.map((bytes, i) => ({ index: first + i, bytes, ...readJob(bytes) }));
    return { first, read: fresh.length, jobs: jobs.filter((job) => matches(job, this.#options.filter)) };
  }

  async #read(): Promise<{ from: number; entries: readonly Buffer[]; known: number }> {
    const upto = this.#next + Math.min(this.#size, this.#left) - 1;
    for (let overlap = this.#last === undefined ? 0 : Math.max(this.#size, 10); ; overlap *= 4) {
      const from = Math.max(0, this.#next - overlap);
      const range = ['LRANGE', this.#options.key, String(from), String(upto)];
      const entries = (await this.#options.connection.send(range, { binary: true })) as Buffer[];
      const known = this.#known(entries.slice(0, this.#next - from));
      // Where the last one is gone too, all that is before it is gone.
      if (known > 0 || from === 0 || this.#last === undefined) return { from, entries, known };
    }
  }

  /** How many of these entries have been looked at already. Of equal ones the first counts where nothing may be skipped. */
  #known(entries: readonly Buffer[]): number {
    const { taking } = this.#options;
    const isLast = (entry: Buffer) => this.#last?.equals(entry) === true;
    return (taking ? entries.findIndex(isLast) : entries.findLastIndex(isLast)) + 1;
  }

  #grow(entries: readonly Buffer[]): void {
    const each = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length;
    this.#size = Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_BYTES / Math.max(each, 1))));
  }

  /** What was taken of a page no longer stands before what follows. */
  taken(jobs: readonly QueuedJob[], { first }: Page): void {
    this.#next -= jobs.length;
    const indexes = new Set(jobs.map(({ index }) => index - first));
    const stayed = this.#fresh.findLastIndex((_, i) => !indexes.has(i));
    this.#last = stayed === -1 ? this.#lastBefore : this.#fresh[stayed];
  }
}

interface WalkOptions {
  readonly connection: Connection;
  readonly key: Buffer;
  readonly filter: QueuedFilter;
  readonly from: number;
  /** Better looked at twice than skipped. */
  readonly taking: boolean;
}

/** Jobs of a queue that match, from the one at `from` on, page by page. Changes nothing. */
export async function* walkQueued(
  connection: Connection,
  keys: Keys,
  queue: QueueName,
  { filter, from = 0 }: { readonly filter: QueuedFilter; readonly from?: number },
): AsyncGenerator<readonly QueuedJob[]> {
  const length = await queueSize(connection, keys, queue);
  const walk = new Walk({ connection, key: keyOf(keys, queue), filter, from, taking: false }, length);
  for (let page = await walk.page(); page !== undefined; page = await walk.page())
    if (page.jobs.length > 0) yield page.jobs;
}

export interface TakeOptions {
  readonly filter: QueuedFilter;
  /** The queue to whose tail they go; undefined: nowhere. */
  readonly to?: QueueName | undefined;
  /** So many at most. */
  readonly most?: number | undefined;
}

/** What became of one page. */
export interface TakenJobs {
  readonly taken: readonly QueuedJob[];
  /** A worker took them first. */
  readonly gone: readonly QueuedJob[];
}

/**
 * Takes all that match, page by page, an atomic step each.
 * @throws what Redis refuses; then nothing of that page has changed
 */
export async function* takeQueued(
  connection: Connection,
  keys: Keys,
  queue: QueueName,
  { filter, to, most = Number.POSITIVE_INFINITY }: TakeOptions,
): AsyncGenerator<TakenJobs> {
  const length = await queueSize(connection, keys, queue);
  const walk = new Walk({ connection, key: keyOf(keys, queue), filter, from: 0, taking: true }, length);
  let left = most;
  for (let page = await walk.page(); page !== undefined && left > 0; page = await walk.page()) {
    if (page.jobs.length === 0) continue;
    const wanted = page.jobs.slice(0, left);
    const range = { first: page.first - walk.slack, last: page.first + page.read + walk.slack };
    const states = await take(connection, keys, { queue, to, wanted, ...range });
    const taken = wanted.filter((_, i) => states[i] === '1');
    walk.taken(taken, page);
    left -= taken.length;
    yield { taken, gone: wanted.filter((_, i) => states[i] !== '1') };
  }
}

interface Taking {
  readonly queue: QueueName;
  readonly to: QueueName | undefined;
  readonly wanted: readonly QueuedJob[];
  readonly first: number;
  readonly last: number;
}

async function take(connection: Connection, keys: Keys, { queue, to, wanted, first, last }: Taking): Promise<string> {
  const lists = [keyOf(keys, queue), keys.never, ...(to === undefined ? [] : [keyOf(keys, to)])];
  const range = [String(Math.max(0, first)), String(last)];
  const locks = wanted.flatMap(({ bytes }, i) => {
    const lock = readLock(bytes);
    return lock === undefined
      ? []
      : [String(i + 1), ...lockArgs(keys, lock, to === undefined ? 'release' : { renewMs: 0 })];
  });
  const bytes = wanted.map((job) => job.bytes);
  const args = [`gone ${randomUUID()}`, to?.bytes ?? '', ...range, String(locks.length / 4), ...locks, ...bytes];
  const reply = await callScript(connection, SCRIPTS.takeQueued, [keys.queues, ...lists], args);
  if (reply === null)
    throw new Error(`the key of the queue ${to?.name ?? queue.name} holds no list: nothing was changed`);
  return String(reply);
}

function matches(job: QueuedJob, { classes, args, text, before }: QueuedFilter): boolean {
  return (
    (classes === undefined || classes.includes(job.class)) &&
    (text === undefined || job.payload.includes(text)) &&
    (before === undefined || (job.enqueuedAt !== undefined && job.enqueuedAt < before)) &&
    (args === undefined || argsOf(job.bytes) === args)
  );
}

function argsOf(bytes: Buffer): string | undefined {
  try {
    return comparable(decodePayload(bytes, true).args);
  } catch {
    return undefined;
  }
}
