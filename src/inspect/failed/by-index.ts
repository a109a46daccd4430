/**
 * Retries or removes entries that are named by N: those that stood there at the start, wherever they have moved to by the
 * time they are touched. Must not know how N is typed.
 */

import type { FailedList, Listed } from './list.js';
import { mostInOneCall, type Pick, type Settler } from './remove.js';
import { type Brief, type Chosen, choose, type Deed, type Left, leftOf } from './select.js';

/** Entries `from` to `to`; or the one whose SHA-1 begins with `id`, which stood at `from` when it was seen. */
export interface Target {
  readonly from: number;
  readonly to: number;
  readonly id?: string | undefined;
}

/** What is there now, by rising N and each once; and what is not. */
export interface Resolved {
  readonly chosen: readonly Chosen[];
  readonly missing: readonly Target[];
}

/** Reads the entries that are meant; from here on they are known by their bytes. */
export async function resolveTargets(list: FailedList, targets: readonly Target[], deed: Deed): Promise<Resolved> {
  const found = new Map<number, Chosen>();
  const missing: Target[] = [];
  for (const target of targets) {
    const before = found.size;
    let known = 0;
    for await (const listed of entriesOf(list, target)) {
      known++;
      if (!found.has(listed.n)) found.set(listed.n, choose(listed, deed, true));
    }
    if (known === 0 && found.size === before) missing.push(target);
    else if (target.id === undefined && known < target.to - target.from + 1)
      missing.push({ from: target.from + known, to: target.to });
  }
  return { chosen: [...found.values()].sort((a, b) => a.brief.n - b.brief.n), missing };
}

async function* entriesOf(list: FailedList, { from, to, id }: Target): AsyncGenerator<Listed> {
  if (id !== undefined) {
    const found = await list.find((one) => one.startsWith(id), from);
    if (found !== undefined) yield found;
    return;
  }
  for (let at = from; at <= to; ) {
    const page = await list.read(at, Math.min(list.pageSize, to - at + 1));
    if (page.length === 0) return;
    yield* page;
    at += page.length;
  }
}

export interface NamedStep {
  readonly taken: readonly Brief[];
  readonly left: readonly Left[];
}

/** An entry that is still to be taken, and where it should stand by now. */
interface Waiting {
  readonly brief: Brief;
  readonly pick: Pick;
  at: number;
}

/** One step for each call of Redis. Whoever stops asking stops it, between two calls. */
export async function* settleNamed(
  list: FailedList,
  settler: Settler,
  chosen: readonly Chosen[],
): AsyncGenerator<NamedStep> {
  yield { taken: [], left: chosen.filter(({ pick }) => pick === undefined).map((one) => leftOf(one)) };
  const length = await list.length();
  let waiting = chosen.flatMap(({ brief, pick }): Waiting[] => (pick ? [{ brief, pick, at: brief.n }] : []));
  while (waiting.length > 0) {
    const batch = firstBatch(waiting, list, length);
    const { states, refusal } = await settler.settle(batch.map(({ pick, at }) => ({ ...pick, n: at })));
    const inState = (wanted: string) => batch.filter((_, i) => states[i] === wanted);
    const taken = inState('taken');
    const refused = inState('refused').map((one) => leftOf(one, refusal));
    waiting = [...inState('elsewhere'), ...waiting.slice(batch.length)];
    moveDown(waiting, taken);
    const gone = inState('elsewhere').length > 0 ? await relocate(list, waiting) : undefined;
    yield { taken: taken.map(({ brief }) => brief), left: gone ? [...refused, gone] : refused };
  }
}

/** Close enough together to be read by one call, and few enough. */
function firstBatch(waiting: readonly Waiting[], list: FailedList, length: number): readonly Waiting[] {
  const { at } = waiting[0];
  const most = mostInOneCall(Math.min(at, Math.max(0, length - at)), list.meanBytes);
  const end = waiting.findIndex((one, i) => i === most || one.at >= at + list.pageSize);
  return end === -1 ? waiting : waiting.slice(0, end);
}

/** What we took ourselves has moved those behind it. Both are in order. */
function moveDown(waiting: readonly Waiting[], taken: readonly Waiting[]): void {
  let before = 0;
  for (const one of waiting) {
    while (before < taken.length && taken[before].brief.n < one.brief.n) before++;
    one.at -= before;
  }
}

/** Others have moved the first, and those behind it. One that is nowhere is not waited for any longer. */
async function relocate(list: FailedList, waiting: Waiting[]): Promise<Left | undefined> {
  const [first] = waiting;
  const found = await list.find((id) => id === first.pick.id, first.at);
  if (found === undefined) {
    waiting.shift();
    return { ...first.brief, why: 'it is gone: somebody else has retried, removed or changed it meanwhile' };
  }
  const moved = first.at - found.n;
  for (const one of waiting) one.at -= moved;
  return undefined;
}
