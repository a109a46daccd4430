/** Retries the newest few that match: whether the fault is repaired shows before all are retried. */
import { FailedEntry } from '../../../inspect/failed/entry.js';
import { needsReading, readFilter } from '../../failures/filter.js';
import { matchingRows } from '../../failures/summary.js';
import { HttpError, wholeNumber } from '../../routes/page.js';
import type { Action } from '../action.js';
import { filterText, titleOf } from './all-matching.js';
import { doAtOnce } from './named.js';

const SEARCH_MS = 2000;

export const retryNewestAction: Action = {
  name: 'retry-newest',
  target: (form) => `the newest ${form.get('count') ?? '1'} of ${filterText(form)}`,
  run: async (ask, form) => {
    const { failures } = ask.dashboard;
    const filter = readFilter(form, ask.now);
    const count = wholeNumber(form.get('count'), { min: 1, max: 10, fallback: 1 });
    await failures.keeper.refresh();
    // Those that resque-web has retried already do not show whether anything is repaired.
    const unretried = filter.retried === undefined ? { ...filter, retried: false } : filter;
    const found = needsReading(filter)
      ? (await failures.search(unretried, { most: count, ms: SEARCH_MS })).entries
      : await failures.read(matchingRows(failures.index.table, unretried, count).rows);
    const entries = [...found]
      .sort((a, b) => a.n - b.n)
      .filter(({ raw }) => new FailedEntry(raw).unreadable === undefined);
    if (entries.length === 0) throw new HttpError(409, 'no failure matches any more');
    const title = `the newest ${count} of ${titleOf(ask, filter)}`;
    const again = filter.retried === true;
    return await doAtOnce(ask, { entries, action: { kind: 'retry' }, title, filter, again, missing: 0 }, form);
  },
};
