/** The workers of every program, by host and process; found by state, queue and text. */

import { isoTime } from '../../json-text.js';
import { serves } from '../../queue-patterns.js';
import type { WorkerRow } from '../model/snapshot.js';
import { WORKER_STATES, type WorkersModel, WorkersView } from '../views/workers.js';
import { definePage, wholeNumber } from './page.js';

export const WORKERS_SHOWN = 100;

export const workersPage = definePage<WorkersModel>({
  path: 'workers',
  title: 'Workers',
  load: ({ query, snapshot }) => {
    const state = WORKER_STATES.find((one) => one === query.get('state'));
    const queue = (query.get('queue') ?? '').slice(0, 200);
    const text = (query.get('text') ?? '').slice(0, 200);
    const all = snapshot.workers?.rows ?? [];
    const isFiltered = state !== undefined || queue !== '' || text !== '';
    const found = isFiltered ? all.filter(matching({ state, queue, text })) : all;
    const from = wholeNumber(query.get('from'), { min: 0, max: Math.max(0, found.length - 1), fallback: 0 });
    return { state, queue, text, from, total: found.length, rows: found.slice(from, from + WORKERS_SHOWN) };
  },
  json: ({ total, from, rows }, { snapshot, now }) => ({
    ...{ at: isoTime(snapshot.workers?.at), counts: snapshot.workers?.counts ?? null, total, from },
    workers: rows.map((row) => workerJson(row, now)),
  }),
  view: (model, ask) => WorkersView({ model, ask }),
});

function matching({ state, queue, text }: Pick<WorkersModel, 'state' | 'queue' | 'text'>): (row: WorkerRow) => boolean {
  // Few lists of queues differ, and patterns are slow.
  const known = new Map<string, boolean>();
  const isServing = ({ queues }: WorkerRow) => {
    const key = queues.join();
    const answer = known.get(key) ?? serves(queues, queue);
    known.set(key, answer);
    return answer;
  };
  return (row) =>
    (state === undefined || row.state === state) &&
    (text === '' || row.id.includes(text) || row.job?.class.includes(text) === true) &&
    (queue === '' || isServing(row));
}

export function workerJson({ id, host, state, liveness, heartbeatAt, job, queues, ours }: WorkerRow, now: number) {
  const running = job && { class: job.class, queue: job.queue, since: isoTime(job.since) };
  const forSeconds = job?.since === undefined ? null : Math.max(0, (now - job.since) / 1000);
  return {
    worker: id,
    host,
    state,
    liveness,
    queues,
    tsworker: ours || null,
    heartbeatAt: isoTime(heartbeatAt),
    job: running ?? null,
    forSeconds,
  };
}
