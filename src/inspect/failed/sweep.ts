/**
 * Retries or removes all entries that match, from the oldest to the newest that was there at the start: one that fails
 * again meanwhile is not retried again. Page by page, one atomic step each, while others push to the list and remove from
 * it. Must not know who asks for it.
 *
 * Where others remove entries, what is still to come moves down, and would be passed over. So each page is read with the
 * entry before it; where that is another than expected, the sweep goes back to where the last entry that it left behind
 * is now, or an earlier one.
 *
 * The next page is read before the step, and looked through while Redis does it.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { TsworkerError } from '../../errors.js';
import { type Brief, type Chosen, chooseMatching, type Deed, type Left, leftOf } from './choose.js';
import { entryId } from './entry.js';
import type { FailedFilter } from './filter.js';
import { type FailedList, type Listed, MOST_IN_PAGE } from './list.js';
import { mostInOneCall, type Pick, type SettleReply, type Settler } from './settle.js';

export interface SweepStep {
  /** Entries looked at so far, of how many. */
  readonly seen: number;
  readonly of: number;
  readonly taken: readonly Brief[];
}

interface Page {
  readonly entries: readonly Listed[];
  /** Those of them that match. */
  readonly chosen: readonly Chosen[];
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
  readonly #most: number;
  /** How many entries before the next page stay in the list. */
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

  /** What matched and stayed. */
  get left(): readonly Left[] {
    return this.#marks.flatMap(({ left }) => left);
  }

  /** One step for each call of Redis. Whoever stops asking stops the sweep, between two calls. */
  async *steps(): AsyncGenerator<SweepStep> {
    this.#end = Math.min(this.#most, await this.#list.length());
    let page: Page | undefined;
    for (let stalls = 0; this.#at < this.#end; ) {
      page ??= await this.#readPage();
      if (page?.entries.length === 0) return;
      const step: Step = page === undefined ? { taken: [], next: undefined } : await this.#take(page);
      stalls = step.next === undefined && step.taken.length === 0 ? stalls + 1 : 0;
      if (stalls > MOST_STALLS) throw new TsworkerError('REDIS', 'the failed list changes faster than it can be read');
      page = step.next;
      yield { seen: this.#at + this.#taken, of: this.#end + this.#taken, taken: step.taken };
    }
  }

  /** undefined: the list has moved, and the place is another now. */
  async #readPage(): Promise<Page | undefined> {
    const mark = this.#marks.at(-1);
    const entries = await this.#readBehind(mark?.n, mark?.id, this.#end - this.#at);
    if (entries === undefined) await this.#goBack();
    return entries && look(entries, this.#deed, this.#filter);
  }

  /** What stands behind an entry, if that still stands where it did. */
  async #readBehind(n: number | undefined, id: string | undefined, most: number): Promise<Listed[] | undefined> {
    const distance = Math.min((n ?? 0) + this.#list.pageSize, this.#end - this.#at);
    const size = Math.min(this.#list.pageSize, most, mostInOneCall(distance, this.#list.meanBytes));
    if (n === undefined) return await this.#list.read(0, size);
    const [before, ...entries] = await this.#list.read(n, size + 1);
    return before !== undefined && entryId(before.raw) === id ? entries : undefined;
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

  async #take(page: Page): Promise<Step> {
    const { entries, chosen } = page;
    const moved = entries[0].n - this.#at;
    const picks = chosen.flatMap(({ pick }): Pick[] => (pick ? [{ ...pick, n: pick.n - moved }] : []));
    const last = entries[entries.length - 1];
    const rest = this.#end - this.#at - entries.length;
    const ahead = await this.#readBehind(last.n - moved, entryId(last.raw), rest);
    const settling = this.#settler.settle(picks);
    // The client sends when this turn ends: only then is there time to look.
    const looking = endOfTurn().then(() => ahead && look(ahead, this.#deed, this.#filter));
    const [reply, next] = await Promise.all([settling, looking]);
    const taken = this.#goOn(page, reply);
    return { taken: taken.map(({ brief }) => brief), next: reply.states.includes('elsewhere') ? undefined : next };
  }

  /** Passes over the page, unless some of it stood elsewhere: then it is read again. */
  #goOn({ entries, chosen }: Page, { states, refusal }: SettleReply): readonly Chosen[] {
    let pick = 0;
    const taken = chosen.filter((one) => one.pick !== undefined && states[pick++] === 'taken');
    this.#taken += taken.length;
    this.#end -= taken.length;
    if (states.includes('elsewhere')) return taken;
    const gone = new Set(taken.map(({ brief }) => brief.n));
    this.#at += entries.length - gone.size;
    const left = chosen.filter(({ brief }) => !gone.has(brief.n)).map((one) => leftOf(one, refusal));
    const last = entries.findLast(({ n }) => !gone.has(n));
    if (last !== undefined) this.#marks.push({ n: this.#at - 1, id: entryId(last.raw), left });
    return taken;
  }
}

/** next: the page behind, where it could be read ahead. */
interface Step {
  readonly taken: readonly Brief[];
  readonly next: Page | undefined;
}

function look(entries: readonly Listed[], deed: Deed, filter: FailedFilter): Page {
  return { entries, chosen: entries.flatMap((listed) => chooseMatching(listed, deed, filter) ?? []) };
}
