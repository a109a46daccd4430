/** `tsworker workers -slots`: a line for each worker, which is a slot of a process. Pure. */

import { count, duration } from '../../../format.js';
import { sortedByName } from '../../../inspect/natural-order.js';
import { argsText } from '../../../inspect/payload.js';
import type { WorkerDetails, WorkerSeen } from '../../../inspect/workers.js';
import type { Io } from '../../io.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { ageOf, livenessText, nameOf } from './format.js';

const COLUMNS = [
  { head: 'WORKER', give: 1, least: 24 },
  { head: 'STATE' },
  { head: 'FOR', align: 'right' },
  { head: 'QUEUE', give: 3, drop: 1 },
  { head: 'CLASS', give: 2, least: 10 },
  { head: 'ARGUMENTS', give: 5, drop: 4 },
  { head: 'HEARTBEAT', align: 'right', drop: 2 },
  { head: 'DONE', align: 'right', drop: 3 },
  { head: 'FAILED', align: 'right', drop: 3 },
  { head: 'QUEUES', give: 4, drop: 5 },
] as const;

export function slotTable(rows: readonly (readonly [WorkerSeen, WorkerDetails])[], now: number, io: Io): string {
  const { green, red, dim } = styleOf(io);
  const paint = { working: green, idle: dim, lost: red };
  const sorted = sortedByName(rows, ([worker]) => worker.id);
  const cells = sorted.map(([worker, { processed, failed }]): Cell[] => {
    const { job, state, queues } = worker;
    return [
      nameOf(worker),
      { text: state, paint: paint[state] },
      job?.since === undefined ? '' : duration(now - job.since),
      job?.queue ?? '',
      job === undefined ? '' : (job.problem ?? job.class),
      job === undefined ? '' : argsText(job.payload),
      livenessText(worker) || ageOf(worker.heartbeatAt, now),
      count(processed ?? 0),
      count(failed ?? 0),
      queues.join(','),
    ];
  });
  return listed(COLUMNS, cells, io);
}
