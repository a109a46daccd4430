/**
 * Retries or removes all matching entries, from the oldest to the newest at the start: an entry that fails again
 * meanwhile is not retried again. Works page by page, with one atomic step for each, while others push to the list and
 * remove from it.
 *
 * The entry that was the newest at the start is read together with each page: while it is at the expected position,
 * everything below it existed at the start. If it is gone, an older one replaces it, and the entries between them are
 * left.
 *
 * If others remove entries, the remaining ones move down and could be skipped. So each page is read with the entry
 * before it; if that is not the expected one, it is searched for below, and the run continues after it.
 */
import { TsworkerError } from '../../errors.js';
import { slices } from '../batch.js';
import { entryId } from './entry.js';
import type { FailedFilter } from './filter.js';
import type { Anchor, FailedList, Listed } from './list.js';
import { mostInOneCall, type Remover } from './remove.js';
import { type Action, type Brief, type Chosen, chooseMatching, type Left, leftOf, reasonOf } from './select.js';

export interface SweepOptions {
  readonly action: Action;
  readonly filter: FailedFilter;
  /** Reads at most this many of the oldest entries: those that the user has seen and agreed to. */
  readonly most?: number;
  /** Some of the newest entries of these, as returned by {@link FailedList.anchors}. */
  readonly upTo?: readonly Anchor[] | undefined;
  /** Maximum number of entries to take. */
  readonly mostTaken?: number | undefined;
  /** Maximum number of entries to take in one step. */
  readonly step?: number;
}

export interface SweepStep {
  /** Entries read so far, and the total. */
  readonly seen: number;
  readonly of: number;
  readonly taken: readonly Brief[];
  /** The same entries, as they were in the list. */
  readonly entries: readonly Listed[];
}

type Candidate = Extract<Chosen, { removal: object }>;

/** Maximum of pages in a row: only reached if another program empties the list at the same time. */
const MOST_STALLS = 10_000;
/** The search for an anchor is limited: if it is gone, the next one is older and serves as well. */
const MOST_ANCHOR_PAGES = 20;

export class Sweep {
  readonly #list: FailedList;
  readonly #remover: Remover;
  readonly #options: SweepOptions;
  /** The N of the next page: all entries before it stay in the list. */
  #at = 0;
  /** The id of the entry before the next page. */
  #before: string | undefined;
  /** The end of the entries that existed at the start: after the first anchor. */
  #end = 0;
  #anchors: readonly Anchor[] = [];
  #taken = 0;
  #left: Left[] = [];

  constructor(list: FailedList, remover: Remover, options: SweepOptions) {
    this.#list = list;
    this.#remover = remover;
    this.#options = options;
  }

  /** The matching entries that stayed, by their current N. */
  get left(): readonly Left[] {
    return this.#left;
  }

  /**
   * Yields one step for each change in Redis and for each page. The caller stops the run between two steps by ending
   * the iteration.
   */
  async *steps(): AsyncGenerator<SweepStep> {
    await this.#findEnd();
    let stalls = 0;
    while (this.#at < this.#end && this.#mayTake > 0) {
      const [at, taken] = [this.#at, this.#taken];
      const page = await this.#read();
      if (page === 'late') await this.#findAnchor();
      if (page === 'late' || page === undefined) await this.#goBack();
      else if (page.length === 0) return;
      else yield* this.#take(page);
      stalls = this.#at > at || this.#taken > taken ? 0 : stalls + 1;
      if (stalls > MOST_STALLS) throw new TsworkerError('REDIS', 'the failed list changes faster than it can be read');
    }
  }

  get #mayTake(): number {
    return (this.#options.mostTaken ?? Number.POSITIVE_INFINITY) - this.#taken;
  }

  async #findEnd(): Promise<void> {
    const { upTo, most = Number.POSITIVE_INFINITY } = this.#options;
    this.#anchors = upTo ?? (await this.#list.anchors(Math.min(most, await this.#list.length())));
    await this.#findAnchor();
  }

  /**
   * The position of the newest anchor that still exists. Without any, no entry is known to have existed at the start.
   */
  async #findAnchor(): Promise<void> {
    for (const [i, { n, id }] of this.#anchors.entries()) {
      const found = await this.#list.find((one) => one.startsWith(id), n, MOST_ANCHOR_PAGES);
      if (found === undefined) continue;
      this.#anchors = [{ n: found.n, id }, ...this.#anchors.slice(i + 1)];
      this.#end = found.n + 1;
      return;
    }
    this.#end = 0;
  }

  /** Entries never move up: if it is at that position after a page was read, it was there or higher before. */
  async #anchorStands(): Promise<boolean> {
    const [entry] = await this.#list.read(this.#end - 1, 1);
    return entry !== undefined && entryId(entry.raw).startsWith(this.#anchors[0].id);
  }

  /** @returns undefined if the page is not preceded by the expected entry; late: it may contain newer ones */
  async #read(): Promise<Listed[] | undefined | 'late'> {
    const overlap = this.#before === undefined ? 0 : 1;
    const distance = Math.min(this.#at + this.#list.pageSize, this.#end - this.#at);
    const size = Math.min(this.#list.pageSize, this.#end - this.#at, mostInOneCall(distance, this.#list.meanBytes));
    const page = await this.#list.read(this.#at - overlap, size + overlap);
    if (!(await this.#anchorStands())) return 'late';
    if (overlap === 0) return page;
    const before = page.shift();
    return before !== undefined && entryId(before.raw) === this.#before ? page : undefined;
  }

  /** Continues after the current position of that entry; if it is gone, all entries are read once more. */
  async #goBack(): Promise<void> {
    if (this.#before === undefined) return;
    const found = await this.#list.find((id) => id === this.#before, this.#at - 1);
    if (found === undefined) [this.#at, this.#before, this.#left] = [0, undefined, []];
    else this.#at = found.n + 1;
  }

  async *#take(page: readonly Listed[]): AsyncGenerator<SweepStep> {
    const { action, filter, step = page.length } = this.#options;
    const chosen = chooseMatching(page, action, filter);
    const gone = new Set<Chosen>();
    const reasons = new Map<Chosen, string>();
    const listed = new Map(page.map((one) => [one.n, one]));
    const candidates = chosen.filter(isCandidate);
    const [going, others] = [candidates.slice(0, this.#mayTake), new Set<Chosen>(candidates.slice(this.#mayTake))];
    for (const some of slices(going, step)) {
      const removals = some.map(({ removal }) => ({ ...removal, n: removal.n - gone.size }));
      const reply = await this.#remover.remove(removals);
      const taken = some.filter((_, i) => reply.states[i] === 'taken');
      for (const one of taken) gone.add(one);
      this.#taken += taken.length;
      this.#end -= taken.length;
      some.forEach((one, i) => {
        reasons.set(one, reasonOf(reply.states[i], reply.refusal));
      });
      yield this.#step(taken, listed);
      // Entries that were not at their position are found when the page is read again.
      if (reply.states.includes('elsewhere')) return;
    }
    this.#passOver(page, chosen, { gone, others, reasons });
    if (gone.size === 0) yield this.#step([]);
  }

  #step(taken: readonly Chosen[], page: ReadonlyMap<number, Listed> = new Map()): SweepStep {
    const [seen, of] = [this.#at + this.#taken, this.#end + this.#taken];
    const entries = taken.flatMap(({ brief }) => page.get(brief.n) ?? []);
    return { seen, of, taken: taken.map(({ brief }) => brief), entries };
  }

  #passOver(page: readonly Listed[], chosen: readonly Chosen[], { gone, others, reasons }: Passed): void {
    let before = 0;
    for (const one of chosen) {
      if (gone.has(one)) before++;
      else if (!others.has(one)) this.#left.push({ ...leftOf(one, reasons.get(one)), n: one.brief.n - before });
    }
    const took = new Set([...gone].map(({ brief }) => brief.n));
    const last = page.findLast(({ n }) => !took.has(n));
    if (last !== undefined) this.#before = entryId(last.raw);
    this.#at += page.length - gone.size;
  }
}

interface Passed {
  readonly gone: ReadonlySet<Chosen>;
  /** More than may be taken in one step. */
  readonly others: ReadonlySet<Chosen>;
  /** The reasons why matching entries stay. */
  readonly reasons: ReadonlyMap<Chosen, string>;
}

function isCandidate(chosen: Chosen): chosen is Candidate {
  return chosen.removal !== undefined;
}
