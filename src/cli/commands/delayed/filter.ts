/** Converts the filter flags to a filter for delayed jobs. Pure. */
import type { DelayedFilter } from '../../../inspect/delayed-items.js';
import type { Call } from '../../command.js';
import type { DelayedFlags } from './definition.js';

export type DelayedCall = Call<DelayedFlags>;

export function filterOf({ flags, words }: DelayedCall): DelayedFilter {
  const { class: classes, queue: queues, text, after: since, before } = flags;
  return { classes, queues, text, since, before, ids: words.length > 0 ? words : undefined };
}
