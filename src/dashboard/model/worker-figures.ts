/** All workers of every program, once around: a row each without the payload of its job, and what they are together. */
import { Crowd } from '../../inspect/crowd.js';
import { processName } from '../../inspect/processes.js';
import { type WorkerSeen, walkWorkers } from '../../inspect/workers.js';
import type { Connection } from '../../redis/connection.js';
import { serverTimeMs } from '../../registry/clock.js';
import { readProcessStates } from '../../registry/processes/process-state.js';
import type { Keys } from '../../resque/keys.js';
import { Serving } from './serving.js';
import type { WorkerFigures, WorkerRow } from './snapshot.js';

export async function readWorkerFigures(
  connection: Connection,
  keys: Keys,
  pruneAfterMs: number,
): Promise<WorkerFigures> {
  const at = await serverTimeMs(connection);
  const crowd = new Crowd(0, await readProcessStates(connection, keys));
  const serving = new Serving();
  const rows: WorkerRow[] = [];
  for await (const batch of walkWorkers(connection, keys, { nowMs: at, pruneAfterMs })) {
    crowd.add(batch);
    for (const worker of batch) {
      // goworker's poller is registered, but runs no job itself.
      if (worker.state !== 'lost' && worker.slot !== 'poller') serving.add(worker.queues);
      rows.push(rowOf(worker));
    }
  }
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  const { workers: counts, hosts, processes } = crowd.counts();
  return { at, rows, counts, hosts, processes, serving: (queue) => serving.of(queue) };
}

function rowOf({ job, ...worker }: WorkerSeen): WorkerRow {
  const short = job && { class: job.class, queue: job.queue, since: job.since };
  return { ...worker, process: processName(worker), job: short };
}
