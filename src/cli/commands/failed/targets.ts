/** `3`, `7-9`, `3@1f2e3d4` → which entries are meant. Pure; must not know whether they are there. */
import { TsworkerError } from '../../../errors.js';
import type { Target } from '../../../inspect/failed/by-index.js';

const TARGET = /^(\d+)(?:-(\d+)|@([0-9a-fA-F]{4,40}))?$/;

/** @throws TsworkerError USAGE for what is none of these */
export function readTargets(words: readonly string[]): readonly Target[] {
  return words.flatMap((word) => word.split(',')).map(readTarget);
}

function readTarget(word: string): Target {
  const [match, from, to = from, id] = TARGET.exec(word) ?? [];
  const target = { from: Number(from), to: Number(to), id: id?.toLowerCase() };
  if (match !== undefined && Number.isSafeInteger(target.to) && target.from <= target.to) return target;
  throw new TsworkerError('USAGE', `N must be 3, 7-9 or 3@1f2e3d4, not ${JSON.stringify(word)}`, {
    hint: 'N counts from 0 at the oldest, as tsworker failed list shows it',
  });
}

export function targetText({ from, to, id }: Target): string {
  if (id !== undefined) return `${from}@${id}`;
  return from === to ? String(from) : `${from}-${to}`;
}
