/** One queue and what is in it: fifty jobs at a time, from its head. */

import { readJob } from '../../inspect/payload.js';
import { keyOf, type QueuedJob } from '../../inspect/queues.js';
import { isoTime } from '../../json-text.js';
import type { QueueRow } from '../model/snapshot.js';
import { type QueueModel, QueueView } from '../views/queue.js';
import { type Ask, definePage, HttpError, wholeNumber } from './page.js';
import { queueJson } from './queues.js';

export const JOBS_SHOWN = 50;
/** Jobs may be of any size: so many bytes of them are enough for a page. */
const MOST_BYTES = 4_000_000;

export const queuePage = definePage<QueueModel>({
  path: 'queue',
  title: ({ row }) => `Queue ${row.name}`,
  parent: 'queues',
  load: async (ask) => {
    const row = rowOf(ask, ask.query.get('name') ?? '');
    const from = wholeNumber(ask.query.get('from'), { min: 0, max: Math.max(0, (row.size ?? 0) - 1), fallback: 0 });
    const key = `queue ${row.name} ${from}`;
    const jobs = row.size === undefined ? [] : await ask.dashboard.once.get(key, () => readJobs(ask, row, from));
    return { row, from, jobs };
  },
  json: ({ row, from, jobs }, ask) => ({
    ...queueJson(row, ask),
    from,
    jobs: jobs.map(({ index, class: name, problem, enqueuedAt }) => {
      const what = problem === undefined ? { class: name } : { class: name === '' ? null : name, problem };
      return { index, ...what, enqueuedAt: isoTime(enqueuedAt) };
    }),
  }),
  view: (model, ask) => QueueView({ model, ask }),
});

/** Only a queue that is known: no key is ever made of what an address says. */
export function rowOf({ snapshot }: Ask, name: string): QueueRow {
  const row = snapshot.queues?.rows.find((one) => one.name === name);
  if (row === undefined)
    throw new HttpError(404, `there is no queue ${JSON.stringify(name)}: it was removed, or never used`);
  return row;
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
