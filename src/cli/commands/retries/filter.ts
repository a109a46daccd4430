/** Converts the filter flags to a filter for retries. Pure. */
import type { RetryFilter } from '../../../inspect/retries.js';
import type { Call } from '../../command.js';
import type { RetriesFlags } from './definition.js';

export type RetriesCall = Call<RetriesFlags>;

export function filterOf({ flags, words }: RetriesCall): RetryFilter {
  const { class: classes, queue: queues, text, error, after: since, before } = flags;
  return { classes, queues, text, error, since, before, ids: words.length > 0 ? words : undefined };
}
