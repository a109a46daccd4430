/** One queue and what is in it: fifty jobs at a time, from its head. */

import { readJob } from '../../inspect/payload.js';
import { readQueueSizes } from '../../inspect/queue-sizes.js';
import { sha1Of } from '../../inspect/queued.js';
import { keyOf, type QueuedJob, queueNameOf } from '../../inspect/queues.js';
import { isoTime, verbatim } from '../../json-text.js';
import type { QueueRow } from '../model/snapshot.js';
import { type QueueModel, QueueView } from '../views/queue.js';
import { type Ask, type Dashboard, definePage, HttpError, wholeNumber } from './page.js';
import { queueJson } from './queues.js';

export const JOBS_SHOWN = 50;
/** Jobs may be of any size: so many bytes of them are enough for a page. */
const MOST_BYTES = 4_000_000;

export const queuePage = definePage<QueueModel>({
  path: 'queue',
  title: ({ row }) => `Queue ${row.name}`,
  parent: 'queues',
  load: async (ask) => {
    const row = await rowOf(ask, ask.query.get('name') ?? '');
    const from = wholeNumber(ask.query.get('from'), { min: 0, max: Math.max(0, (row.size ?? 0) - 1), fallback: 0 });
    const key = `queue ${row.name} ${from}`;
    const jobs = row.size === undefined ? [] : await ask.dashboard.once.get(key, () => readJobs(ask, row, from));
    return {
      row,
      from,
      jobs: jobs.map((job) => ({
        ...job,
        sha1: sha1Of(job.bytes),
        payload: ask.dashboard.redactor.payload(job.payload),
      })),
    };
  },
  json: ({ row, from, jobs }, ask) => ({
    ...queueJson(row, ask),
    from,
    jobs: jobs.map(({ index, class: name, problem, enqueuedAt, payload }) => {
      const what = problem === undefined ? { class: name } : { class: name === '' ? null : name, problem };
      return { index, ...what, enqueuedAt: isoTime(enqueuedAt), payload: verbatim(payload) };
    }),
  }),
  view: (model, ask) => QueueView({ model, ask }),
});

/** Only a queue that is known: no key is ever made of what an address says. */
export async function rowOf({ snapshot, dashboard }: Ask, name: string): Promise<QueueRow> {
  const row = snapshot.queues?.rows.find((one) => one.name === name);
  return row ?? (await dashboard.once.get(`row ${name}`, () => readRow(dashboard, name)));
}

/** It may have come since all were read. */
async function readRow({ connection, keys }: Dashboard, name: string): Promise<QueueRow> {
  const queue = queueNameOf(Buffer.from(name));
  if (Number(await connection.send(['SISMEMBER', keys.queues, queue.bytes])) !== 1)
    throw new HttpError(404, `there is no queue ${JSON.stringify(name)}: it was removed, or never used`);
  const [{ head, ...sizes }] = await readQueueSizes(connection, keys, [queue], () => true);
  const job = head && readJob(head);
  return { ...queue, ...sizes, growth: undefined, headAt: job?.enqueuedAt, headProblem: job?.problem };
}

/** The first few say how many more fit. */
const FIRST = 5;

async function readJobs({ dashboard }: Ask, row: QueueRow, from: number): Promise<QueuedJob[]> {
  const jobs: QueuedJob[] = [];
  let bytes = 0;
  for (let size = FIRST; size > 0; ) {
    const first = from + jobs.length;
    const range = ['LRANGE', keyOf(dashboard.keys, row), String(first), String(first + size - 1)];
    const entries = (await dashboard.connection.send(range, { binary: true })) as Buffer[];
    jobs.push(...entries.map((entry, i) => ({ index: first + i, bytes: entry, ...readJob(entry) })));
    bytes += entries.reduce((sum, entry) => sum + entry.length, 0);
    if (entries.length < size || bytes >= MOST_BYTES) break;
    size = Math.min(JOBS_SHOWN - jobs.length, Math.floor(((MOST_BYTES - bytes) * jobs.length) / Math.max(bytes, 1)));
  }
  return jobs;
}
