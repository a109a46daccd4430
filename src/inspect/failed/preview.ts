/** What a retry or a removal of all that match would do. Changes nothing. */

import type { FailedFilter } from './filter.js';
import type { FailedList } from './list.js';
import { type Brief, chooseMatching, type Deed, type Left, leftOf } from './select.js';

export interface PreviewStep {
  readonly seen: number;
  readonly of: number;
  /** Would be retried or removed. */
  readonly taken: readonly Brief[];
  readonly left: readonly Left[];
}

/** Newest first. */
export async function* preview(list: FailedList, deed: Deed, filter: FailedFilter): AsyncGenerator<PreviewStep> {
  const of = await list.length();
  let seen = 0;
  for await (const page of list.down(of - 1)) {
    const chosen = page.flatMap((listed) => chooseMatching(listed, deed, filter) ?? []);
    seen += page.length;
    const taken = chosen.flatMap(({ pick, brief }) => (pick === undefined ? [] : [brief]));
    yield { seen, of, taken, left: chosen.filter(({ pick }) => pick === undefined).map((one) => leftOf(one)) };
  }
}
