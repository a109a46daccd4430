/** What was done to failed jobs in dashboards, by whom, and what came of it; one of them. */
import { isoTime } from '../../json-text.js';
import { comebacksOf } from '../operations/comebacks.js';
import type { OperationRecord } from '../operations/record.js';
import { type OperationModel, OperationsView, OperationView } from '../views/operations.js';
import { definePage, HttpError } from './page.js';

export const operationsPage = definePage<readonly OperationRecord[]>({
  path: 'operations',
  title: 'Operations',
  load: ({ dashboard }) => dashboard.once.get('operations', () => dashboard.operations.records.list()),
  json: (records) => ({ operations: records.map(operationJson) }),
  view: (records, ask) => OperationsView({ records, ask }),
});

export const operationPage = definePage<OperationModel>({
  path: 'operation',
  title: 'Operation',
  parent: 'operations',
  load: async ({ dashboard, query }) => {
    const { operations, failures } = dashboard;
    const id = query.get('id') ?? '';
    const record = operations.here(id) ?? (await operations.records.read(id));
    if (record === undefined) throw new HttpError(404, 'there is no such operation: records are kept for ninety days');
    if (record.kind !== 'retry') return { record, comebacks: undefined };
    await failures.keeper.want();
    return { record, comebacks: await comebacksOf(operations.records, failures.index.table, record) };
  },
  json: ({ record, comebacks }) => ({ ...operationJson(record), cameBack: comebacks ?? null }),
  view: (model, ask) => OperationView({ model, ask }),
});

function operationJson(record: OperationRecord) {
  const { startedAt, endedAt, undoUntil, filter, ...rest } = record;
  const { since, before, ...others } = filter;
  const times = {
    since: since === undefined ? undefined : isoTime(since),
    before: before === undefined ? undefined : isoTime(before),
  };
  return {
    ...{ ...rest, filter: { ...others, ...times } },
    ...{ startedAt: isoTime(startedAt), endedAt: isoTime(endedAt), undoUntil: isoTime(undoUntil) },
  };
}
