/** Entries that a form names one by one, `12@1f2e3d4c…`: found, wherever they have moved to. Bounded reading. */
import { entryId } from '../../inspect/failed/entry.js';
import type { Anchor, FailedList, Listed } from '../../inspect/failed/list.js';

export const MOST_NAMED = 200;
const MOST_PAGES = 40;
const NAME = /^(\d{1,15})@([0-9a-f]{16,40})$/;

export function nameOf({ n, raw }: Listed): string {
  return `${n}@${entryId(raw).slice(0, 16)}`;
}

/** @returns undefined where one of them is no name */
export function readNames(names: readonly string[]): readonly Anchor[] | undefined {
  const read = names.map((name) => NAME.exec(name));
  if (read.some((match) => match === null)) return undefined;
  return read.map((match) => ({ n: Number(match?.[1]), id: match?.[2] ?? '' }));
}

/** By rising N, each once; what is gone is missing. */
export async function findNamed(list: FailedList, names: readonly Anchor[]): Promise<readonly Listed[]> {
  const found = new Map<number, Listed>();
  const missing: Anchor[] = [];
  for (const name of names) {
    const [entry] = await list.read(name.n, 1);
    if (entry !== undefined && entryId(entry.raw).startsWith(name.id)) found.set(entry.n, entry);
    else missing.push(name);
  }
  if (missing.length > 0) await lookBelow(list, missing, found);
  return [...found.values()].sort((a, b) => a.n - b.n);
}

/** Entries move down only. */
async function lookBelow(list: FailedList, missing: Anchor[], found: Map<number, Listed>): Promise<void> {
  let pages = 0;
  for await (const page of list.down(Math.max(...missing.map(({ n }) => n)))) {
    for (const listed of page) {
      const at = missing.findIndex(({ n, id }) => listed.n <= n && entryId(listed.raw).startsWith(id));
      if (at === -1 || found.has(listed.n)) continue;
      found.set(listed.n, listed);
      missing.splice(at, 1);
    }
    if (missing.length === 0 || ++pages === MOST_PAGES) return;
  }
}
