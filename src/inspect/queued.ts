/**
 * The jobs of one queue: read from its head, filtered, and moved or removed, while workers claim and producers push. Each
 * is identified by its bytes near the index where it was seen, so only jobs that the caller has seen are changed.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Connection } from '../redis/connection.js';
import { decodePayload } from '../resque/codec.js';
import { comparable } from '../resque/comparable.js';
import type { Keys } from '../resque/keys.js';
import { lockArgs, readLock } from '../resque/lock.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { ownArgs, readJob } from './payload.js';
import { keyOf, type QueuedJob, type QueueName, queueSize } from './queues.js';

/** All given criteria must match. */
export interface QueuedFilter {
  /** One of these; for an ActiveJob job, the class of the job itself. */
  readonly classes?: readonly string[] | undefined;
  /** The arguments, as {@link comparable} formats them. */
  readonly args?: string | undefined;
  /** Found anywhere in the payload. */
  readonly text?: string | undefined;
  /** Pushed before this time (ms), if the payload contains the time. */
  readonly before?: number | undefined;
}

/** One page: the number of jobs read, and those that match. */
interface Page {
  readonly first: number;
  readonly read: number;
  readonly jobs: readonly QueuedJob[];
}

const FIRST_PAGE = 50;
const LARGEST_PAGE = 1000;
const PAGE_BYTES = 1_000_000;
/** A claim may take as many jobs as a page has, and there may be several claims between two steps. */
const SLACK_PAGES = 2;

/**
 * Reads from head to tail, as many jobs as there were at the start. Workers claim meanwhile: each page begins with entries
 * that were read before, and the last of them that is still there shows how far the list has moved.
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

  /** The number of entries before and after a page among which its jobs are searched. */
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
      // If the last one is gone, all before it are gone.
      if (known > 0 || from === 0 || this.#last === undefined) return { from, entries, known };
    }
  }

  /** How many of these entries were read before. Of equal entries the first counts, so that none is skipped. */
  #known(entries: readonly Buffer[]): number {
    const { taking } = this.#options;
    const isLast = (entry: Buffer) => this.#last?.equals(entry) === true;
    return (taking ? entries.findIndex(isLast) : entries.findLastIndex(isLast)) + 1;
  }

  #grow(entries: readonly Buffer[]): void {
    const each = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length;
    this.#size = Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_BYTES / Math.max(each, 1))));
  }

  /** The taken jobs no longer precede those that follow. */
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
  /** Better read twice than skipped. */
  readonly taking: boolean;
}

/** The matching jobs of a queue, from index `from`, page by page. Changes nothing. */
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
  /** The queue to whose tail they are moved; undefined: they are removed. */
  readonly to?: QueueName | undefined;
  /** The maximum number of jobs. */
  readonly most?: number | undefined;
}

/** The result for one page. */
export interface TakenJobs {
  readonly taken: readonly QueuedJob[];
  /** The number of jobs that workers claimed first. */
  readonly gone: readonly QueuedJob[];
}

/**
 * Takes all matching jobs, page by page, each page in one atomic step.
 * @throws the error reply of Redis; then nothing of that page has changed
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
    return comparable(ownArgs(decodePayload(bytes, true)));
  } catch {
    return undefined;
  }
}

/** A job as a list showed it: where it was, and the SHA-1 of its bytes. */
export interface NamedJob {
  readonly index: number;
  readonly sha1: string;
}

/** Workers claim meanwhile: a job is looked for so many places further ahead. */
const MOVED_UP = 500;
const NAMED_PAGE = 100;

/**
 * Takes these jobs, in one step, in their order.
 * @param to the queue to whose tail they go; undefined: nowhere
 * @returns those that were taken; the others are gone, or have moved far ahead
 */
export async function takeNamed(
  connection: Connection,
  keys: Keys,
  queue: QueueName,
  named: readonly NamedJob[],
  to: QueueName | undefined,
): Promise<readonly QueuedJob[]> {
  const { jobs, first } = await findNamed(connection, keys, queue, named);
  if (jobs.length === 0) return [];
  const wanted = jobs.sort((a, b) => a.index - b.index);
  const last = wanted[wanted.length - 1].index;
  const states = await take(connection, keys, { queue, to, wanted, first: first - NAMED_PAGE, last });
  return wanted.filter((_, i) => states[i] === '1');
}

async function findNamed(connection: Connection, keys: Keys, queue: QueueName, named: readonly NamedJob[]) {
  const missing = new Map<string, number>();
  for (const { sha1 } of named) missing.set(sha1, (missing.get(sha1) ?? 0) + 1);
  const [lowest, highest] = [
    Math.min(...named.map(({ index }) => index)),
    Math.max(...named.map(({ index }) => index)),
  ];
  const jobs: QueuedJob[] = [];
  let first = highest + 1;
  // From where they were towards the head: of equal jobs it does not matter which.
  while (first > Math.max(0, lowest - MOVED_UP) && missing.size > 0) {
    const upto = first - 1;
    first = Math.max(0, first - NAMED_PAGE);
    const range = ['LRANGE', keyOf(keys, queue), String(first), String(upto)];
    const entries = (await connection.send(range, { binary: true })) as Buffer[];
    for (const [i, bytes] of [...entries.entries()].reverse()) {
      const sha1 = sha1Of(bytes);
      const wanted = missing.get(sha1) ?? 0;
      if (wanted === 0) continue;
      if (wanted === 1) missing.delete(sha1);
      else missing.set(sha1, wanted - 1);
      jobs.push({ index: first + i, bytes, ...readJob(bytes) });
    }
  }
  return { jobs, first };
}

export function sha1Of(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}
