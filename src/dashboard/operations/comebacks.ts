/** Of what was retried lately, by kind of failure: how much has failed again. */

import { countPayloads } from '../failures/summary.js';
import type { FailureTable } from '../failures/table.js';
import type { OperationRecord, OperationRecords } from './record.js';

const MOST_OPERATIONS = 20;

/** The newest retry of each kind, by fingerprint. */
export async function countComebacks(
  records: OperationRecords,
  table: FailureTable,
): Promise<ReadonlyMap<string, { readonly retried: number; readonly back: number; readonly at: number }>> {
  const retries = (await records.list()).filter(
    ({ kind, done, filter }) => kind === 'retry' && done > 0 && filter.kind,
  );
  const newest = new Map<string, OperationRecord>();
  for (const one of retries) if (!newest.has(one.filter.kind as string)) newest.set(one.filter.kind as string, one);
  const some = [...newest].slice(0, MOST_OPERATIONS);
  const payloads = await records.readPayloads(some.map(([, { id }]) => id));
  return new Map(
    some.map(([kind, { startedAt }], i) => [
      kind,
      { retried: payloads[i].size, back: countPayloads(table, payloads[i], startedAt), at: startedAt },
    ]),
  );
}

/** Of one operation. */
export async function comebacksOf(
  records: OperationRecords,
  table: FailureTable,
  { id, startedAt }: OperationRecord,
): Promise<{ readonly retried: number; readonly back: number }> {
  const [payloads] = await records.readPayloads([id]);
  return { retried: payloads.size, back: countPayloads(table, payloads, startedAt) };
}
