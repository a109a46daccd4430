/** One worker: what it does, what it has done, and since when. */

import { readDetails, readWorkers } from '../../inspect/workers.js';
import { isoTime, verbatim } from '../../json-text.js';
import { type WorkerModel, WorkerView } from '../views/worker.js';
import { definePage, HttpError } from './page.js';

export const workerPage = definePage<WorkerModel>({
  path: 'worker',
  title: ({ worker }) => `Worker ${worker.id}`,
  parent: 'workers',
  load: async ({ dashboard, query, now }) => {
    const id = query.get('id') ?? '';
    const { connection, keys, once, options } = dashboard;
    return await once.get(`worker ${id}`, async () => {
      // No key is ever made of what an address says, unless it names a worker.
      if (Number(await connection.send(['SISMEMBER', keys.workers, id])) !== 1)
        throw new HttpError(404, `there is no worker ${JSON.stringify(id)} any more: it has ended, or was pruned`);
      const [[worker], [details]] = await Promise.all([
        readWorkers(connection, keys, [id], { nowMs: now, pruneAfterMs: options.pruneAfterMs }),
        readDetails(connection, keys, [id]),
      ]);
      const job = worker.job && { ...worker.job, payload: dashboard.redactor.payload(worker.job.payload) };
      return { worker: { ...worker, job }, details };
    });
  },
  json: ({ worker: { id, host, state, liveness, queues, heartbeatAt, job, ours }, details }, { now }) => ({
    ...{ worker: id, host, state, liveness, queues, tsworker: ours || null, heartbeatAt: isoTime(heartbeatAt) },
    ...{ startedAt: isoTime(details.startedAt), processed: details.processed ?? 0, failed: details.failed ?? 0 },
    job:
      job === undefined
        ? null
        : {
            ...{ class: job.class, queue: job.queue, since: isoTime(job.since), problem: job.problem ?? null },
            payload: verbatim(job.payload),
          },
    forSeconds: job?.since === undefined ? null : Math.max(0, (now - job.since) / 1000),
  }),
  view: (model, ask) => WorkerView({ model, ask }),
});
