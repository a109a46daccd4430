/** Finds single entries by N or id, and retries or removes them, wherever they have moved meanwhile. */
import { entryId } from './entry.js';
import type { FailedList, Listed } from './list.js';
import { mostInOneCall, type Remover } from './remove.js';
import { type Brief, type Chosen, type Left, leftOf, reasonOf } from './select.js';

/** Entries `from` to `to`. `id`: the reference may also be an id, if there is no entry with this N. */
export interface IndexTarget {
  readonly from: number;
  readonly to: number;
  readonly id?: string | undefined;
}

/**
 * The entry whose SHA-1 begins with this. `at`: its N when it was seen, so it is there or below; absent: it may be
 * anywhere.
 */
export interface IdTarget {
  readonly id: string;
  readonly at?: number | undefined;
}

export type EntryTarget = IndexTarget | IdTarget;

export interface Resolved<T> {
  /** The existing entries, by ascending N and each once. */
  readonly found: readonly T[];
  readonly missing: readonly EntryTarget[];
  /** Ids of more than one entry, with some of the N. */
  readonly ambiguous: readonly { readonly id: string; readonly at: readonly number[] }[];
}

/** @param read returns what to keep of an entry: a range may be larger than memory */
export async function resolveTargets<T>(
  list: FailedList,
  targets: readonly EntryTarget[],
  read: (listed: Listed) => T,
): Promise<Resolved<T>> {
  const found = new Map<number, T>();
  const missing: EntryTarget[] = [];
  const ids = new Set<string>();
  const keep = (listed: Listed) => {
    if (!found.has(listed.n)) found.set(listed.n, read(listed));
  };
  for (const target of targets) {
    if ('from' in target) {
      const known = await readRange(list, target, keep);
      if (known === 0 && target.id !== undefined) ids.add(target.id);
      else if (known < target.to - target.from + 1) missing.push({ from: target.from + known, to: target.to });
    } else if (target.at === undefined) ids.add(target.id);
    else {
      const entry = await list.find((id) => id.startsWith(target.id), target.at);
      if (entry === undefined) missing.push(target);
      else keep(entry);
    }
  }
  const byId = await findIds(list, ids);
  for (const [id, [entry, ...others]] of byId) {
    if (entry === undefined) missing.push({ id });
    else if (others.length === 0) keep(entry);
  }
  const ambiguous = [...byId].filter(([, entries]) => entries.length > 1);
  return {
    found: [...found].sort(([a], [b]) => a - b).map(([, one]) => one),
    missing,
    ambiguous: ambiguous.map(([id, entries]) => ({ id, at: entries.map(({ n }) => n) })),
  };
}

/** @returns the number of entries */
async function readRange(list: FailedList, { from, to }: IndexTarget, keep: (listed: Listed) => void): Promise<number> {
  let at = from;
  while (at <= to) {
    const page = await list.read(at, Math.min(list.pageSize, to - at + 1));
    if (page.length === 0) break;
    for (const listed of page) keep(listed);
    at += page.length;
  }
  return at - from;
}

const MOST_ALIKE = 3;

/**
 * Finds all in one pass through the list. Of entries with the same bytes, which cannot be distinguished, the newest.
 */
async function findIds(list: FailedList, wanted: ReadonlySet<string>): Promise<Map<string, Listed[]>> {
  const found = new Map([...wanted].map((beginning) => [beginning, new Map<string, Listed>()]));
  if (wanted.size > 0)
    for await (const page of list.down())
      for (const listed of page) {
        const id = entryId(listed.raw);
        for (const [beginning, entries] of found)
          if (id.startsWith(beginning) && !entries.has(id) && entries.size < MOST_ALIKE) entries.set(id, listed);
      }
  return new Map([...found].map(([beginning, entries]) => [beginning, [...entries.values()]]));
}

export interface NamedStep {
  readonly taken: readonly Brief[];
  readonly left: readonly Left[];
}

type Waiting = Extract<Chosen, { removal: object }>;

/** Yields one step for each call of Redis. The caller stops the run between two calls by ending the iteration. */
export async function* removeNamed(
  list: FailedList,
  remover: Remover,
  chosen: readonly Chosen[],
  step = Number.POSITIVE_INFINITY,
): AsyncGenerator<NamedStep> {
  yield { taken: [], left: chosen.filter(({ removal }) => removal === undefined).map((one) => leftOf(one)) };
  const length = await list.length();
  let waiting = chosen.filter((one): one is Waiting => one.removal !== undefined);
  // How far the remaining entries have moved down at least: by entries taken here and by others.
  let moved = 0;
  while (waiting.length > 0) {
    const batch = firstBatch(waiting, list, length, step);
    const { states, refusal } = await remover.remove(
      batch.map(({ removal }) => ({ ...removal, n: removal.n - moved })),
    );
    const inState = (wanted: string) => batch.filter((_, i) => states[i] === wanted);
    const [taken, [astray, ...others]] = [inState('taken'), inState('elsewhere')];
    const left = (['refused', 'held'] as const).flatMap((state) =>
      inState(state).map((one) => leftOf(one, reasonOf(state, refusal))),
    );
    waiting = waiting.slice(batch.length);
    if (astray === undefined) moved += taken.length;
    else {
      const found = await list.find((id) => id === astray.removal.id, astray.removal.n - moved);
      if (found === undefined) left.push({ ...astray.brief, why: GONE });
      else moved = astray.removal.n - found.n;
      waiting = [...(found === undefined ? [] : [astray]), ...others, ...waiting];
    }
    yield { taken: taken.map(({ brief }) => brief), left };
  }
}

const GONE = 'it is gone: somebody else has retried, removed or changed it meanwhile';

/** A group of entries that are close enough together to be read by one call, and few enough. */
function firstBatch(waiting: readonly Waiting[], list: FailedList, length: number, step: number): readonly Waiting[] {
  const { n } = waiting[0].removal;
  const most = Math.min(step, mostInOneCall(Math.min(n, Math.max(0, length - n)), list.meanBytes));
  const end = waiting.findIndex(({ removal }, i) => i === most || removal.n >= n + list.pageSize);
  return end === -1 ? waiting : waiting.slice(0, end);
}
