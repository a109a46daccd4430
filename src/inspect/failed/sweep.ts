/**
 * Retries or removes all entries that match, from the oldest to the newest that was there at the start: one that fails
 * again meanwhile is not retried again. Page by page, one atomic step each, while others push to the list and remove from
 * it. Must not know who asks for it.
 *
 * Where others remove entries, what is still to come moves down, and would be passed over. So before each page the sweep
 * looks whether the last entry that it left behind is still where it was; if not, it goes back to where it is now, or to
 * an earlier one.
 */
import { TsworkerError } from '../../errors.js';
import { entryId } from '../../resque/entry.js';
import { type Brief, type Chosen, chooseMatching, type Deed, type Left, leftOf } from './choose.js';
import type { FailedFilter } from './filter.js';
import { type FailedList, type Listed, MOST_IN_PAGE } from './list.js';
import { mostInOneCall, type Settler } from './settle.js';

export interface SweepStep {
  /** Entries looked at so far, of how many. */
  readonly seen: number;
  readonly of: number;
  readonly taken: readonly Brief[];
}

/** The last entry of a page that stays in the list, and what was left of that page although it matched. */
interface Mark {
  readonly n: number;
  readonly id: string;
  readonly left: readonly Left[];
}

/** In a row: only a list that somebody else empties at the same time comes near. */
const MOST_STALLS = 10_000;

export class Sweep {
  readonly #list: FailedList;
  readonly #settler: Settler;
  readonly #deed: Deed;
  readonly #filter: FailedFilter;
  /** How many entries before the next page stay in the list. */
  #at = 0;
  /** Where the entries end that were there at the start. */
  #end = 0;
  #taken = 0;
  #marks: Mark[] = [];

  constructor(list: FailedList, settler: Settler, deed: Deed, filter: FailedFilter) {
    this.#list = list;
    this.#settler = settler;
    this.#deed = deed;
    this.#filter = filter;
  }

  /** What matched and stayed. */
  get left(): readonly Left[] {
    return this.#marks.flatMap(({ left }) => left);
  }

  /** One step for each call of Redis that took something. Whoever stops asking stops the sweep, between two calls. */
  async *steps(): AsyncGenerator<SweepStep> {
    this.#end = await this.#list.length();
    for (let stalls = 0; this.#at < this.#end; ) {
      const page = await this.#nextPage();
      if (page?.length === 0) return;
      const { taken, moved } = page === undefined ? NOTHING : await this.#take(page);
      stalls = moved && taken.length === 0 ? stalls + 1 : 0;
      if (stalls > MOST_STALLS) throw new TsworkerError('REDIS', 'the failed list changes faster than it can be read');
      this.#taken += taken.length;
      yield { seen: this.#at + this.#taken, of: this.#end + this.#taken, taken };
    }
  }

  /** undefined: the list has moved, and the place is another now. */
  async #nextPage(): Promise<Listed[] | undefined> {
    const size = Math.min(this.#list.pageSize, this.#end - this.#at);
    const mark = this.#marks.at(-1);
    if (mark === undefined) return await this.#list.read(0, size);
    const [last, ...page] = await this.#list.read(mark.n, size + 1);
    if (last !== undefined && entryId(last.raw) === mark.id) return page;
    await this.#goBack();
    return undefined;
  }

  async #goBack(): Promise<void> {
    this.#at = 0;
    for (let mark = this.#marks.pop(); mark !== undefined; mark = this.#marks.pop()) {
      const now = await this.#seek(mark);
      if (now === undefined) continue;
      this.#marks.push({ ...mark, n: now });
      this.#at = now + 1;
      // All that is still to come has moved down by so many.
      this.#end -= mark.n - now;
      return;
    }
  }

  /** A mark is where it was or a little below; one that is not was removed itself. */
  async #seek({ n, id }: Mark): Promise<number | undefined> {
    const from = Math.max(0, n - MOST_IN_PAGE + 1);
    const before = await this.#list.read(from, n - from + 1);
    return before.findLast(({ raw }) => entryId(raw) === id)?.n;
  }

  async #take(page: readonly Listed[]): Promise<{ taken: readonly Brief[]; moved: boolean }> {
    const most = mostInOneCall(Math.min(this.#at + page.length, this.#end - this.#at), this.#list.meanBytes);
    const { chosen, size } = this.#chooseFrom(page, most);
    const picks = chosen.flatMap(({ pick }) => pick ?? []);
    const { states, refusal } = await this.#settler.settle(picks);
    let at = 0;
    const taken = chosen.filter(({ pick }) => pick !== undefined && states[at++] === 'taken');
    this.#end -= taken.length;
    const moved = states.includes('elsewhere');
    if (!moved) this.#goOn(page.slice(0, size), taken, chosen, refusal);
    return { taken: taken.map(({ brief }) => brief), moved };
  }

  /** As many as one call may take, and the size of the page up to there. */
  #chooseFrom(page: readonly Listed[], most: number): { chosen: Chosen[]; size: number } {
    const chosen: Chosen[] = [];
    for (const [i, listed] of page.entries()) {
      const one = chooseMatching(listed, this.#deed, this.#filter);
      if (one !== undefined && chosen.push(one) === most) return { chosen, size: i + 1 };
    }
    return { chosen, size: page.length };
  }

  #goOn(page: readonly Listed[], taken: readonly Chosen[], chosen: readonly Chosen[], refusal: string): void {
    const gone = new Set(taken.map(({ brief }) => brief.n));
    const last = page.findLast(({ n }) => !gone.has(n));
    if (last === undefined) return;
    this.#at += page.length - gone.size;
    const left = chosen.filter(({ brief }) => !gone.has(brief.n)).map((one) => leftOf(one, refusal));
    this.#marks.push({ n: this.#at - 1, id: entryId(last.raw), left });
  }
}

const NOTHING = { taken: [], moved: true } as const;
