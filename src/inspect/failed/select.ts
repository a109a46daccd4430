/** What is to be done with an entry that was read. Pure; knows neither the list nor how entries are found. */
import { FailedEntry } from './entry.js';
import { type FailedFilter, matching } from './filter.js';
import type { Listed } from './list.js';
import { type Removal, type RemovalState, removalOf } from './remove.js';

/** What is to be done with all that are chosen. */
export interface Action {
  /** retry: the job goes back to its queue, and the entry goes; remove: both go. */
  readonly kind: 'retry' | 'remove';
  /** retry: to this queue, whichever the entry names. */
  readonly to?: string | undefined;
}

/** What is reported about an entry afterwards. */
export interface Brief {
  readonly n: number;
  readonly class: string;
  readonly queue: string;
}

/** It stays, because. */
export interface Left extends Brief {
  readonly why: string;
}

/** Either it may be taken, or it is left. */
export type Chosen =
  | { readonly brief: Brief; readonly removal: Removal; readonly why?: undefined }
  | { readonly brief: Brief; readonly removal?: undefined; readonly why: string };

export const ALREADY_RETRIED = 'Resque has retried it already (it has a retried_at)';

/** @param again retry also what Resque's web page has retried already, and left in the list */
export function choose({ n, raw }: Listed, action: Action, again: boolean, entry = new FailedEntry(raw)): Chosen {
  const { kind, to } = action;
  const brief = { n, class: entry.class, queue: to ?? entry.queue };
  if (kind === 'remove') return { brief, removal: removalOf(n, raw) };
  if (!again && entry.retriedAt !== undefined) return { brief, why: ALREADY_RETRIED };
  const job = entry.requeue(to);
  return typeof job === 'string' ? { brief, why: job } : { brief, removal: removalOf(n, raw, job) };
}

/** Those of a page that the filter means. Only a filter for entries that were retried means these too. */
export function chooseMatching(page: readonly Listed[], action: Action, filter: FailedFilter): readonly Chosen[] {
  return matching(page, filter).map(({ listed, entry }) => choose(listed, action, filter.retried === true, entry));
}

/** Why one stays that might have been taken. @param refusal what Redis said */
export function reasonOf(state: RemovalState, refusal: string): string {
  if (state === 'held') return 'another job that is the same waits or runs already, and holds the lock of both';
  return `Redis refuses to push it: ${refusal}`;
}

/** @param reason of one that might have been taken */
export function leftOf({ brief, why }: Chosen, reason = ''): Left {
  return { ...brief, why: why ?? reason };
}
