/** The jobs that run now, the longest-running first. */
import { getAll } from '../../inspect/batch.js';
import { parseTime } from '../../inspect/time.js';
import { isoTime, verbatim } from '../../json-text.js';
import { parseRecord } from '../../resque/record.js';
import type { WorkerRow } from '../model/snapshot.js';
import { type BusyModel, BusyView } from '../views/busy.js';
import { longestRunning } from './overview.js';
import { type Dashboard, definePage, wholeNumber } from './page.js';
import { workerJson } from './workers.js';

export const BUSY_SHOWN = 100;

export const busyPage = definePage<BusyModel>({
  path: 'busy',
  title: 'Busy',
  load: async ({ dashboard, snapshot, query }) => {
    const running = longestRunning(snapshot, Number.POSITIVE_INFINITY);
    const from = wholeNumber(query.get('from'), { min: 0, max: Math.max(0, running.length - 1), fallback: 0 });
    const rows = running.slice(from, from + BUSY_SHOWN);
    const key = `busy ${from}`;
    const payloads = await dashboard.once.get(key, () => readPayloads(dashboard, rows));
    return { from, total: running.length, rows: rows.map((row) => ({ ...row, payload: payloads.get(row.id) })) };
  },
  json: ({ from, total, rows }, { now, snapshot }) => ({
    ...{ at: isoTime(snapshot.workers?.at), total, from },
    running: rows.map(({ payload, ...row }) => ({
      ...workerJson(row, now),
      payload: payload === undefined ? null : verbatim(payload),
    })),
  }),
  view: (model, ask) => BusyView({ model, ask }),
});

/** Masked, by worker: of those that still run the job they had. */
async function readPayloads(
  { connection, keys, redactor }: Dashboard,
  rows: readonly WorkerRow[],
): Promise<ReadonlyMap<string, string>> {
  const records = await getAll(
    connection,
    rows.map(({ id }) => keys.worker(id)),
  );
  const payloads = rows.flatMap(({ id, job }, i): [string, string][] => {
    const record = records[i] === null ? undefined : parseRecord(Buffer.from(records[i]));
    if (record === undefined || parseTime(record.runAt) !== job?.since) return [];
    return [[id, redactor.payload(record.payload.toString())]];
  });
  return new Map(payloads);
}
