/** What has failed: by kind, or one by one; filtered by what the index knows, or searched entry by entry. */
import { isoTime } from '../../json-text.js';
import { type FailureFilter, needsReading, readFilter } from '../failures/filter.js';
import { matchingRows, summarize } from '../failures/summary.js';
import { countComebacks } from '../operations/comebacks.js';
import { type FailedModel, FailedView } from '../views/failed.js';
import { failureJson } from './failure-json.js';
import { type Ask, definePage, wholeNumber } from './page.js';

const GROUPS_SHOWN = 50;
const ENTRIES_SHOWN = 50;
const SEARCH_MS = 2000;

export const failedPage = definePage<FailedModel>({
  path: 'failed',
  title: 'Failed',
  load: (ask) => loadFailed(ask),
  json: (model, ask) => failedJson(model, ask),
  view: (model, ask) => FailedView({ model, ask }),
});

const FIELDS = ['class', 'queue', 'kind', 'since', 'before', 'retried', 'unreadable', 'worker', 'text'];

async function loadFailed(ask: Ask): Promise<FailedModel> {
  const { dashboard, query, now } = ask;
  const { failures } = dashboard;
  const filter = readFilter(query, now);
  await failures.keeper.want();
  const { table } = failures.index;
  const { class: name, queue, kind, since, before, retried, unreadable } = filter;
  const indexed = { class: name, queue, kind, since, before, retried, unreadable };
  const key = `failures ${failures.index.version} ${JSON.stringify(indexed)}`;
  const summary = await dashboard.once.get(key, async () => summarize(table, indexed, now));
  const page = wholeNumber(query.get('page'), { min: 0, max: 10_000, fallback: 0 });
  const given = FIELDS.map((field) => [field, query.get(field) ?? ''] as const).filter(([, value]) => value !== '');
  const model = {
    ...{ filter, query: Object.fromEntries(given), total: failures.index.total, known: table.size, summary, page },
    ...{ problem: failures.keeper.problem, readAt: failures.keeper.readAt },
    groups: summary.groups.slice(page * GROUPS_SHOWN, (page + 1) * GROUPS_SHOWN),
    comebacks: await dashboard.once.get('comebacks', () => countComebacks(dashboard.operations.records, table)),
  };
  if (needsReading(filter)) return { ...model, view: 'list', ...(await searched(ask, filter)) };
  const nothing = { entries: [], next: undefined, searched: undefined };
  if (query.get('view') !== 'list') return { ...model, view: 'groups', ...nothing };
  const { rows, more } = matchingRows(table, indexed, ENTRIES_SHOWN, fromOf(query));
  const entries = await dashboard.once.get(`entries ${rows}`, () => failures.read(rows));
  const last = entries.at(-1)?.n;
  const isCut = entries.length < rows.length;
  return { ...model, view: 'list', entries, next: (more || isCut) && last ? last - 1 : undefined, searched: undefined };
}

function fromOf(query: URLSearchParams): number | undefined {
  const from = wholeNumber(query.get('from'), { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: -1 });
  return from === -1 ? undefined : from;
}

async function searched({ dashboard, query }: Ask, filter: FailureFilter) {
  const from = fromOf(query);
  const key = `search ${from} ${JSON.stringify(filter)}`;
  const { entries, seen, next } = await dashboard.once.get(key, () =>
    dashboard.failures.search(filter, { from, most: ENTRIES_SHOWN, ms: SEARCH_MS }),
  );
  return { entries, next, searched: seen };
}

function failedJson(model: FailedModel, { dashboard }: Ask): unknown {
  const { total, known, summary, view, groups, entries, next, searched: seen } = model;
  const head = {
    ...{ total, known, matching: summary.matching, problem: model.problem ?? null },
    ...{ classes: summary.classes.slice(0, GROUPS_SHOWN), queues: summary.queues.slice(0, GROUPS_SHOWN) },
  };
  if (view === 'list') {
    const failed = entries.map((listed) => failureJson(listed, dashboard.failures.redactor));
    return { ...head, searched: seen ?? null, failed, next: next ?? null };
  }
  return {
    ...head,
    groups: groups.map(({ kind, class: name, exception, message, count, hour, day, first, last, newest }) => ({
      ...{ class: name, exception, kind, count, hour, day, first: isoTime(first), last: isoTime(last) },
      ...{ n: newest, error: message },
    })),
  };
}
