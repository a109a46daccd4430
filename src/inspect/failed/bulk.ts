/**
 * Retries or removes all entries that match, from the oldest to the newest that was there at the start: one that fails
 * again meanwhile is not retried again. Stretch by stretch, one atomic step each, while others push to the list and remove
 * from it. Must not know who asks for it.
 *
 * Where others remove entries, what is still to come moves down, and would be passed over. So each page is read with the
 * entry before it; where that is another than expected, the sweep goes back to where the last entry that it left behind
 * is now, or an earlier one.
 *
 * A step walks along the list from its end, so few steps that take much are quicker than many: it takes what several
 * pages hold. The pages of the next one are read before it, and looked through while Redis does it.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { TsworkerError } from '../../errors.js';
import { entryId } from './entry.js';
import type { FailedFilter } from './filter.js';
import { type FailedList, type Listed, MOST_IN_PAGE } from './list.js';
import { mostInOneCall, type SettleReply, type Settler } from './remove.js';
import {
  type Entries,
  isSome,
  joined,
  lookAt,
  type Mark,
  MOST_PAGES_IN_STEP,
  markOf,
  movedDown,
  type Place,
  type Stretch,
  sizeOfStep,
} from './scanned-page.js';
import type { Brief, Chosen, Deed, Left } from './select.js';

export interface SweepStep {
  /** Entries looked at so far, of how many. */
  readonly seen: number;
  readonly of: number;
  readonly taken: readonly Brief[];
}

/** In a row: only a list that somebody else empties at the same time comes near. */
const MOST_STALLS = 10_000;

export class Sweep {
  readonly #list: FailedList;
  readonly #settler: Settler;
  readonly #deed: Deed;
  readonly #filter: FailedFilter;
  readonly #most: number;
  /** How many entries before the next stretch stay in the list. */
  #at = 0;
  /** Where the entries end that were there at the start. */
  #end = 0;
  #taken = 0;
  #marks: Mark[] = [];

  /** @param most look at the oldest so many at most: those that somebody has seen, and agreed to */
  constructor(list: FailedList, settler: Settler, deed: Deed, filter: FailedFilter, most = Number.POSITIVE_INFINITY) {
    this.#list = list;
    this.#settler = settler;
    this.#deed = deed;
    this.#filter = filter;
    this.#most = most;
  }

  /** What matched and stayed, by where it stands now. */
  get left(): readonly Left[] {
    return this.#marks.flatMap(({ left }) => left);
  }

  /** One step for each change in Redis. Whoever stops asking stops the sweep, between two of them. */
  async *steps(): AsyncGenerator<SweepStep> {
    this.#end = Math.min(this.#most, await this.#list.length());
    let pages: readonly Stretch[] = [];
    for (let stalls = 0; this.#at < this.#end; ) {
      if (pages.length === 0) {
        const read = await this.#read(this.#marks.at(-1), this.#at, 1);
        if (read?.length === 0) return;
        pages = read?.map(this.#look) ?? [];
      }
      const step: Step = pages.length === 0 ? await this.#goBack() : await this.#take(pages);
      stalls = step.next.length === 0 && step.taken.length === 0 ? stalls + 1 : 0;
      if (stalls > MOST_STALLS) throw new TsworkerError('REDIS', 'the failed list changes faster than it can be read');
      pages = step.next;
      yield { seen: this.#at + this.#taken, of: this.#end + this.#taken, taken: step.taken };
    }
  }

  #look = (entries: Entries): Stretch => lookAt(entries, this.#deed, this.#filter);

  /**
   * Pages behind an entry (undefined: from the oldest on), as far as the list stands still: none where it ends there.
   * @param at the N of the first
   * @returns undefined where that entry stands elsewhere
   */
  async #read(behind: Place | undefined, at: number, most: number): Promise<Entries[] | undefined> {
    const size = Math.min(this.#list.pageSize, this.#mostAt(at));
    const reads: Promise<Listed[]>[] = [];
    for (let from = at; from < this.#end && reads.length < most; from += size)
      reads.push(this.#list.read(Math.max(0, from - 1), Math.min(size, this.#end - from) + (from > 0 ? 1 : 0)));
    const pages: Entries[] = [];
    let before = behind?.id;
    for (const read of await Promise.all(reads)) {
      const overlap = before === undefined ? undefined : read.shift();
      if (before !== undefined && (overlap === undefined || entryId(overlap.raw) !== before))
        return pages.length > 0 ? pages : undefined;
      if (!isSome(read)) break;
      pages.push(read);
      before = entryId(read[read.length - 1].raw);
    }
    return pages;
  }

  /** How many entries one step may take there. */
  #mostAt(at: number): number {
    const distance = Math.min(at + this.#list.pageSize, this.#end - at);
    return mostInOneCall(distance, this.#list.meanBytes);
  }

  async #goBack(): Promise<Step> {
    this.#at = 0;
    for (let mark = this.#marks.pop(); mark !== undefined; mark = this.#marks.pop()) {
      const now = await this.#seek(mark);
      if (now === undefined) continue;
      const moved = mark.n - now;
      this.#marks.push({ ...mark, n: now, left: mark.left.map((one) => ({ ...one, n: one.n - moved })) });
      this.#at = now + 1;
      // All that is still to come has moved down by so many.
      this.#end -= moved;
      break;
    }
    return { taken: [], next: [] };
  }

  /** A mark is where it was or a little below; one that is not was removed itself. */
  async #seek({ n, id }: Mark): Promise<number | undefined> {
    const from = Math.max(0, n - MOST_IN_PAGE + 1);
    const before = await this.#list.read(from, n - from + 1);
    return before.findLast(({ raw }) => entryId(raw) === id)?.n;
  }

  async #take(pages: readonly Stretch[]): Promise<Step> {
    const { last } = pages[pages.length - 1];
    // Measured: more than a page full of them takes 10 MB more, and no less time.
    const most = Math.min(this.#mostAt(this.#at), this.#list.pageSize);
    const size = sizeOfStep(pages, most);
    const stretch = joined(pages.slice(0, size));
    const rest = pages.slice(size);
    const wanted = MOST_PAGES_IN_STEP * (stretch.picks.length / size) > most ? 1 : MOST_PAGES_IN_STEP;
    const ahead = await this.#read(last, last.n + 1, wanted - rest.length);
    const settling = this.#settler.settle(stretch.picks);
    // The client sends when this turn ends: only then is there time to look.
    const looking = endOfTurn().then(() => ahead?.map(this.#look));
    const [reply, next] = await Promise.all([settling, looking]);
    const taken = this.#goOn(stretch, reply).map(({ brief }) => brief);
    if (next === undefined || reply.states.includes('elsewhere')) return { taken, next: [] };
    return { taken, next: [...rest, ...next].map((page) => movedDown(page, taken.length)) };
  }

  /** Passes over the stretch, unless some of it stood elsewhere: then it is read again. */
  #goOn(stretch: Stretch, { states, refusal }: SettleReply): readonly Chosen[] {
    let pick = 0;
    const taken = stretch.chosen.filter((one) => one.pick !== undefined && states[pick++] === 'taken');
    this.#taken += taken.length;
    this.#end -= taken.length;
    if (states.includes('elsewhere')) return taken;
    this.#at += stretch.count - taken.length;
    const mark = markOf(stretch, new Set(taken), refusal);
    if (mark !== undefined) this.#marks.push(mark);
    return taken;
  }
}

/** next: the pages behind, as far as they were read ahead. */
interface Step {
  readonly taken: readonly Brief[];
  readonly next: readonly Stretch[];
}
