/** Parses references to entries: `3`, `7-9`, `3@1f2e3d4`, `1f2e3d4`. Pure; does not check that they exist. */
import { TsworkerError } from '../../../errors.js';
import type { EntryTarget, IdTarget, Resolved } from '../../../inspect/failed/by-index.js';

const INDEX = /^(\d+)(?:-(\d+)|@([0-9a-f]{4,40}))?$/i;
/** An id without N is searched in the whole list, so it must be long enough to distinguish many entries. */
const ID = /^[0-9a-f]{7,40}$/i;

/** @throws TsworkerError USAGE for any other form */
export function readTargets(words: readonly string[]): readonly EntryTarget[] {
  return words.flatMap((word) => word.split(',')).map(readTarget);
}

function readTarget(word: string): EntryTarget {
  const id = ID.test(word) ? word.toLowerCase() : undefined;
  const [match, from, to, seen] = INDEX.exec(word) ?? [];
  if (seen !== undefined && Number.isSafeInteger(Number(from))) return { id: seen.toLowerCase(), at: Number(from) };
  const range = { from: Number(from), to: Number(to ?? from) };
  if (match !== undefined && Number.isSafeInteger(range.to) && range.from <= range.to)
    // Digits alone may be either.
    return id === undefined ? range : { ...range, id };
  if (id !== undefined) return { id };
  throw new TsworkerError('USAGE', `expected N (3), a range (7-9) or an id (1f2e3d4), not ${JSON.stringify(word)}`, {
    hint: 'tsworker failed list shows N, which counts from 0 at the oldest, and the ids',
  });
}

export function targetText(target: EntryTarget): string {
  if (!('from' in target)) return idText(target);
  const { from, to } = target;
  return from === to ? String(from) : `${from}-${to}`;
}

function idText({ id, at }: IdTarget): string {
  return at === undefined ? id : `${at}@${id}`;
}

export function ambiguousText({ id, at }: Resolved<unknown>['ambiguous'][number]): string {
  return `several entries have an id that begins with ${id}: ${at.map((n) => `${n}@${id}`).join(', ')}, …`;
}
