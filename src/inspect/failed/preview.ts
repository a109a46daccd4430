/** Computes the result of a retry or a removal of all matching entries, for a dry run. Changes nothing. */

import type { FailedFilter } from './filter.js';
import type { FailedList } from './list.js';
import { type Action, type Brief, chooseMatching, type Left, leftOf } from './select.js';

export interface PreviewStep {
  readonly seen: number;
  readonly of: number;
  /** Would be retried or removed. */
  readonly taken: readonly Brief[];
  readonly left: readonly Left[];
}

/** Newest first. */
export async function* preview(list: FailedList, action: Action, filter: FailedFilter): AsyncGenerator<PreviewStep> {
  const of = await list.length();
  let seen = 0;
  for await (const page of list.down(of - 1)) {
    const chosen = chooseMatching(page, action, filter);
    seen += page.length;
    const taken = chosen.flatMap(({ removal, brief }) => (removal === undefined ? [] : [brief]));
    yield { seen, of, taken, left: chosen.filter(({ removal }) => removal === undefined).map((one) => leftOf(one)) };
  }
}
