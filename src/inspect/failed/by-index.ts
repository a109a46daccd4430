/**
 * Entries that are named one by one, by N or by id: found, and retried or removed, wherever they have moved to by the time
 * they are touched. Must not know how they are typed.
 */
import { entryId } from './entry.js';
import type { FailedList, Listed } from './list.js';
import { mostInOneCall, type Remover } from './remove.js';
import { type Brief, type Chosen, type Left, leftOf, reasonOf } from './select.js';

/** Entries `from` to `to`. `id`: what was typed may be an id as well, where nothing stands there. */
export interface IndexTarget {
  readonly from: number;
  readonly to: number;
  readonly id?: string | undefined;
}

/** The one whose SHA-1 begins so. `at`: it stood there when it was seen, and is there or below; else it may be anywhere. */
export interface IdTarget {
  readonly id: string;
  readonly at?: number | undefined;
}

export type EntryTarget = IndexTarget | IdTarget;

export interface Resolved<T> {
  /** What is there now, by rising N and each once. */
  readonly found: readonly T[];
  readonly missing: readonly EntryTarget[];
  /** Ids that more than one entry has, with some of the N. */
  readonly ambiguous: readonly { readonly id: string; readonly at: readonly number[] }[];
}

/** @param read what is kept of an entry: a range may be longer than memory */
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

/** @returns how many there are */
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

/** All of them in one walk through the list. Of entries with the same bytes, which nobody can tell apart, the newest. */
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

/** One step for each call of Redis. The caller stops the run between two calls by not asking on. */
export async function* removeNamed(
  list: FailedList,
  remover: Remover,
  chosen: readonly Chosen[],
  step = Number.POSITIVE_INFINITY,
): AsyncGenerator<NamedStep> {
  yield { taken: [], left: chosen.filter(({ removal }) => removal === undefined).map((one) => leftOf(one)) };
  const length = await list.length();
  let waiting = chosen.filter((one): one is Waiting => one.removal !== undefined);
  // How far all that wait have moved down at least: by what was taken here, and by what others did.
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

/** Close enough together to be read by one call, and few enough. */
function firstBatch(waiting: readonly Waiting[], list: FailedList, length: number, step: number): readonly Waiting[] {
  const { n } = waiting[0].removal;
  const most = Math.min(step, mostInOneCall(Math.min(n, Math.max(0, length - n)), list.meanBytes));
  const end = waiting.findIndex(({ removal }, i) => i === most || removal.n >= n + list.pageSize);
  return end === -1 ? waiting : waiting.slice(0, end);
}
