/** `tsworker workers show`: all details of one worker. */
import { count, duration, time } from '../../../format.js';
import { readDetails, readWorkers, type WorkerDetails, type WorkerSeen } from '../../../inspect/workers.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { printDocument } from '../../json.js';
import type { Session } from '../../session.js';
import { fields } from '../../table.js';
import { workerIdOf } from './find.js';
import { livenessText, type WorkersCall, workerEntry } from './format.js';

export async function show({ io, words, flags }: WorkersCall, session: Session): Promise<number> {
  const { connection, keys, settings } = session;
  const id = await workerIdOf(words[0], session);
  const nowMs = await serverTimeMs(connection);
  const [worker] = await readWorkers(connection, keys, [id], { nowMs, pruneAfterMs: settings.pruneAfter * 1000 });
  const [details] = await readDetails(connection, keys, [id]);
  if (flags.json) printDocument(io, workerEntry(worker, details));
  else io.out(fields(linesOf(worker, details, nowMs), io));
  return EXIT.fine;
}

function linesOf(worker: WorkerSeen, { startedAt, processed, failed }: WorkerDetails, now: number) {
  const { id, host, pid, slot, queues, state, job, heartbeatAt } = worker;
  const at = (ms: number | undefined, none: string) =>
    ms === undefined ? none : `${time(ms)} (${duration(now - ms)} ago)`;
  return [
    ['id', id],
    ['host', host],
    ['pid', `${pid ?? '-'}${slot === '' ? '' : `, slot ${slot}`}`],
    ['queues', queues.join(', ')],
    ['state', [state, livenessText(worker)].filter((text) => text !== '').join('; ')],
    ['started', at(startedAt, '-')],
    ['heartbeat', at(heartbeatAt, 'none')],
    ['done', count(processed ?? 0)],
    ['failed', count(failed ?? 0)],
    ...(job === undefined
      ? []
      : [
          ['queue', job.queue],
          ['class', job.problem ?? job.class],
          ['since', at(job.since, '-')],
          ...(job.enqueuedAt === undefined ? [] : [['enqueued', at(job.enqueuedAt, '-')]]),
          ['payload', job.payload],
        ]),
  ];
}
