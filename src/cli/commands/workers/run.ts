/** `tsworker workers`: which sub-command; and the list. The others are in workers/. */

import { argsText } from '../../../inspect/payload.js';
import { readDetails, type WorkerDetails, type WorkerSeen, walkWorkers } from '../../../inspect/workers.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { count, counted, duration } from '../../format.js';
import { printLine } from '../../io.js';
import { printLines } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { ageOf, livenessText, nameOf, type WorkersCall, workerEntry } from './format.js';
import { prune } from './prune.js';
import { show } from './show.js';

export async function workers(call: WorkersCall): Promise<number> {
  const run = { list, show, prune }[call.verb as 'list' | 'show' | 'prune'];
  return await withRedis(call, (session) => run(call, session));
}

async function list(call: WorkersCall, session: Session): Promise<number> {
  const { io, flags } = call;
  const { connection, keys, settings } = session;
  const nowMs = await serverTimeMs(connection);
  const rows: (readonly [WorkerSeen, WorkerDetails])[] = [];
  for await (const batch of walkWorkers(connection, keys, { nowMs, pruneAfterMs: settings.pruneAfter * 1000 })) {
    const wanted = batch.filter(({ state }) => flags.state === undefined || state === flags.state);
    const details = await readDetails(
      connection,
      keys,
      wanted.map(({ id }) => id),
    );
    const some = wanted.map((worker, i) => [worker, details[i]] as const);
    if (!flags.json) rows.push(...some);
    else if (
      !(await printLines(
        io,
        some.map(([worker, more]) => workerEntry(worker, more)),
      ))
    )
      return EXIT.fine;
  }
  if (flags.json) return EXIT.fine;
  const which = flags.state === undefined ? '' : `${flags.state} `;
  if (rows.length === 0) printLine(io, `there is no ${which}worker in ${placeOf(session)}`);
  else await io.print(`${asTable(rows, nowMs, io)}\n${counted(rows.length, `${which}worker`)}\n`);
  return EXIT.fine;
}

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

function asTable(rows: readonly (readonly [WorkerSeen, WorkerDetails])[], now: number, io: WorkersCall['io']): string {
  const { green, red, dim } = styleOf(io);
  const paint = { working: green, idle: dim, lost: red };
  const { compare } = new Intl.Collator('en', { numeric: true });
  const sorted = [...rows].sort(([a], [b]) => compare(a.id, b.id));
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
