/** Entries that are named one by one: retried or removed at once, in one step each, and told of. */
import { counted } from '../../../format.js';
import { removeNamed } from '../../../inspect/failed/by-index.js';
import { FailedList, type Listed } from '../../../inspect/failed/list.js';
import { Remover } from '../../../inspect/failed/remove.js';
import { type Action, choose, type Left } from '../../../inspect/failed/select.js';
import type { FailureFilter } from '../../failures/filter.js';
import { findNamed, MOST_NAMED, readNames } from '../../failures/named.js';
import { KEPT_MS } from '../../operations/operations.js';
import { ownAddress } from '../../routes/login.js';
import { type Ask, HttpError } from '../../routes/page.js';
import type { Outcome } from '../action.js';

export function namesOf(form: URLSearchParams): readonly string[] {
  return [...new Set(form.getAll('entry'))];
}

export function namesText(form: URLSearchParams): string {
  const names = namesOf(form);
  return names.length > 10 ? `${names.slice(0, 10).join(' ')} and ${names.length - 10} more` : names.join(' ');
}

/** @throws HttpError where the form names none, or none of them is there any more */
export async function entriesOf({ dashboard }: Ask, form: URLSearchParams): Promise<readonly Listed[]> {
  const names = namesOf(form);
  const anchors = readNames(names);
  if (names.length === 0) throw new HttpError(400, 'no entry was selected');
  if (anchors === undefined) throw new HttpError(400, 'an entry is named as 12@1f2e3d4c5b6a7988: its N and its id');
  if (names.length > MOST_NAMED) throw new HttpError(400, `at most ${MOST_NAMED} entries at once`);
  const entries = await findNamed(new FailedList(dashboard.acting, dashboard.keys), anchors);
  if (entries.length > 0) return entries;
  throw new HttpError(
    409,
    'these failures are gone: they were retried, removed or changed, here or by another program',
  );
}

/** A queue that is known; undefined: where each came from. */
export function queueOf({ snapshot }: Ask, form: URLSearchParams): string | undefined {
  const to = form.get('to') ?? '';
  if (to === '') return undefined;
  if (snapshot.queues?.rows.some(({ name }) => name === to)) return to;
  throw new HttpError(409, `there is no queue ${JSON.stringify(to)}`);
}

interface Deed {
  readonly entries: readonly Listed[];
  readonly action: Action;
  readonly title: string;
  readonly filter: FailureFilter;
  /** Also what resque-web has retried already. */
  readonly again: boolean;
  /** Entries that the form named and that are gone. */
  readonly missing: number;
}

export async function doAtOnce(ask: Ask, deed: Deed, form: URLSearchParams): Promise<Outcome> {
  const { acting, keys, operations, failures } = ask.dashboard;
  const { entries, action, title, filter, again, missing } = deed;
  const { kind } = action;
  const record = operations.newRecord({ kind, title, filter, user: ask.user.name, agreed: entries.length });
  const chosen = entries.map((listed) => choose(listed, action, again));
  const remover = new Remover(acting, keys, kind === 'remove' ? keys.trashOf(record.id) : undefined);
  const taken = new Set<number>();
  const left: Left[] = [];
  for await (const step of removeNamed(new FailedList(acting, keys), remover, chosen)) {
    for (const { n } of step.taken) taken.add(n);
    // Some reasons show what stands in the payload.
    left.push(...step.left.map((one) => ({ ...one, why: failures.redactor.text(one.why) })));
  }
  const done = entries.filter(({ n }) => taken.has(n));
  const reasons = new Map<string, number>();
  for (const { why } of left) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  await operations.note(
    {
      ...record,
      ...{ to: action.to, done: done.length, seen: entries.length, of: entries.length },
      left: [...reasons].map(([why, jobs]) => ({ why, jobs })),
      ...(kind === 'remove' && done.length > 0 ? { undoUntil: Date.now() + KEPT_MS } : {}),
    },
    done,
  );
  await failures.keeper.refresh();
  const result = {
    [kind === 'retry' ? 'retried' : 'removed']: done.length,
    left: left.map(({ n, why }) => ({ n, why })),
  };
  return {
    kind: 'done',
    to: kind === 'remove' ? `operation?id=${record.id}` : ownAddress(form.get('back')),
    note: sentence(kind, done.length, left, missing),
    result: { ...result, missing, operation: record.id },
  };
}

function sentence(kind: Action['kind'], done: number, left: readonly Left[], missing: number): string {
  const parts = [`${counted(done, 'job')} ${kind === 'retry' ? 'retried' : 'removed'}.`];
  const [first] = left;
  if (first !== undefined) parts.push(`${counted(left.length, 'entry', 'entries')} left: ${first.why}.`);
  if (missing > 0) parts.push(`${counted(missing, 'entry', 'entries')} gone already.`);
  return parts.join(' ');
}
