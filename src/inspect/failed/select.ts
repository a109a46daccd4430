/** Decides what to do with an entry that was read. Pure. */
import { FailedEntry } from './entry.js';
import { type FailedFilter, matching } from './filter.js';
import type { Listed } from './list.js';
import { type Removal, type RemovalState, removalOf } from './remove.js';

/** The action for all selected entries. */
export interface Action {
  /** retry: the job goes back to its queue, and the entry is removed; remove: both are deleted. */
  readonly kind: 'retry' | 'remove';
  /** retry: to this queue instead of that of the entry. */
  readonly to?: string | undefined;
}

/** The report about an entry. */
export interface Brief {
  readonly n: number;
  readonly class: string;
  readonly queue: string;
}

/** The reason why it stays. */
export interface Left extends Brief {
  readonly why: string;
}

/** Either it may be taken, or it stays. */
export type Chosen =
  | { readonly brief: Brief; readonly removal: Removal; readonly why?: undefined }
  | { readonly brief: Brief; readonly removal?: undefined; readonly why: string };

export const ALREADY_RETRIED = 'Resque has retried it already (it has a retried_at)';

/** @param again also retry entries that Resque's web page has retried and left in the list */
export function choose({ n, raw }: Listed, action: Action, again: boolean, entry = new FailedEntry(raw)): Chosen {
  const { kind, to } = action;
  const brief = { n, class: entry.class, queue: to ?? entry.queue };
  if (kind === 'remove') return { brief, removal: removalOf(n, raw) };
  if (!again && entry.retriedAt !== undefined) return { brief, why: ALREADY_RETRIED };
  const job = entry.requeue(to);
  return typeof job === 'string' ? { brief, why: job } : { brief, removal: removalOf(n, raw, job) };
}

/** The entries of a page that match. Already retried ones only match a filter for them. */
export function chooseMatching(page: readonly Listed[], action: Action, filter: FailedFilter): readonly Chosen[] {
  return matching(page, filter).map(({ listed, entry }) => choose(listed, action, filter.retried === true, entry));
}

/**
 * Why a matching entry stays.
 * @param refusal the error of Redis
 */
export function reasonOf(state: RemovalState, refusal: string): string {
  if (state === 'held') return 'another job that is the same waits or runs already, and holds the lock of both';
  return `Redis refuses to push it: ${refusal}`;
}

/** @param reason why a matching entry stays */
export function leftOf({ brief, why }: Chosen, reason = ''): Left {
  return { ...brief, why: why ?? reason };
}
