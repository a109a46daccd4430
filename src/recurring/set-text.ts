/**
 * The text that an application publishes. Loads no cron library, so that a worker without recurring jobs pays nothing.
 * Pure.
 */
import type { Entry } from './entry.js';

/** An entry that is ready to be enqueued: its queue is known. */
export type PublishedEntry = Entry & { readonly queue: string };

export interface PublishedSet {
  readonly entries: readonly PublishedEntry[];
  /** Ruby's dynamic entries (`persistent_schedules`) are to be enqueued too. */
  readonly dynamic: boolean;
  /** The Rails environment. */
  readonly environment: string | undefined;
}

/** @returns '' if there is nothing to publish */
export function setText(set: PublishedSet): string {
  return set.entries.length === 0 && !set.dynamic ? '' : JSON.stringify(set);
}
