/** Entries in a row that were looked at, and what of them goes in one step. Pure; knows neither the list nor Redis. */

import { entryId } from './entry.js';
import type { FailedFilter } from './filter.js';
import type { Listed } from './list.js';
import type { Pick } from './remove.js';
import { type Chosen, chooseMatching, type Deed, type Left, leftOf } from './select.js';

/** Where an entry stands, and by what it is known. */
export interface Place {
  readonly n: number;
  readonly id: string;
}

export interface Stretch {
  readonly from: number;
  readonly count: number;
  /** Those that match. */
  readonly chosen: readonly Chosen[];
  readonly picks: readonly Pick[];
  readonly last: Place;
  /** The last that stays in any case. */
  readonly staying: Place | undefined;
}

/** The last entry of a stretch that stays in the list, and what was left of that stretch although it matched. */
export interface Mark extends Place {
  readonly left: readonly Left[];
}

/** One at least. */
export type Entries = readonly [Listed, ...Listed[]];

export function isSome(entries: readonly Listed[]): entries is Entries {
  return entries.length > 0;
}

export function lookAt(entries: Entries, deed: Deed, filter: FailedFilter): Stretch {
  const chosen = entries.flatMap((listed) => chooseMatching(listed, deed, filter) ?? []);
  const picks = picksOf(chosen);
  const picked = new Set(picks.map(({ n }) => n));
  const staying = entries.findLast(({ n }) => !picked.has(n));
  const last = placeOf(entries[entries.length - 1]);
  return { from: entries[0].n, count: entries.length, chosen, picks, last, staying: staying && placeOf(staying) };
}

function picksOf(chosen: readonly Chosen[]): Pick[] {
  return chosen.flatMap(({ pick }) => pick ?? []);
}

function placeOf({ n, raw }: Listed): Place {
  return { n, id: entryId(raw) };
}

/** Measured: more of them in one step hold Redis up for longer and gain little. */
export const MOST_PAGES_IN_STEP = 2;

/** How many pages, one at least, hold no more than one step may take. */
export function sizeOfStep(pages: readonly Stretch[], mostPicks: number): number {
  let picks = 0;
  const beyond = pages.findIndex((page, i) => {
    picks += page.picks.length;
    return i === MOST_PAGES_IN_STEP || (i > 0 && picks > mostPicks);
  });
  return beyond === -1 ? pages.length : beyond;
}

/** Pages in a row, one at least. */
export function joined(pages: readonly Stretch[]): Stretch {
  const last = pages[pages.length - 1];
  return {
    from: pages[0].from,
    count: pages.reduce((sum, { count }) => sum + count, 0),
    chosen: pages.flatMap(({ chosen }) => chosen),
    picks: pages.flatMap(({ picks }) => picks),
    last: last.last,
    staying: pages.findLast(({ staying }) => staying !== undefined)?.staying,
  };
}

/** The same entries, where they stand when so many before them have gone. */
export function movedDown(stretch: Stretch, by: number): Stretch {
  if (by === 0) return stretch;
  const down = <T extends { readonly n: number }>(one: T): T => ({ ...one, n: one.n - by });
  const chosen = stretch.chosen.map((one): Chosen => {
    const brief = down(one.brief);
    return one.pick === undefined ? { ...one, brief } : { brief, pick: down(one.pick) };
  });
  const { from, count, last, staying } = stretch;
  return {
    from: from - by,
    count,
    chosen,
    picks: picksOf(chosen),
    last: down(last),
    staying: staying && down(staying),
  };
}

/**
 * What is remembered of a stretch when it is behind us: where its last entry stands now, and those that are left.
 * @param taken of its chosen ones
 * @param refusal what Redis said of those that might have been taken
 */
export function markOf({ chosen, staying }: Stretch, taken: ReadonlySet<Chosen>, refusal: string): Mark | undefined {
  const left: Left[] = [];
  let last = staying;
  let gone = 0;
  for (const one of chosen) {
    const { n } = one.brief;
    if (taken.has(one)) gone++;
    else {
      left.push({ ...leftOf(one, refusal), n: n - gone });
      if (one.pick !== undefined && n > (last?.n ?? -1)) last = one.pick;
    }
  }
  if (last === undefined) return undefined;
  const { n } = last;
  const before = [...taken].filter(({ brief }) => brief.n < n).length;
  return { n: n - before, id: last.id, left };
}
