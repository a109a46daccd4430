/**
 * `tsworker workers cancel`, `quiet`, `resume` and `stop`: send orders to running processes, and report the results.
 */
import { TsworkerError } from '../../../errors.js';
import { type OrderReport, sendCancel, sendToProcess } from '../../../inspect/orders.js';
import { readWorkers } from '../../../inspect/workers.js';
import { serverTimeMs } from '../../../registry/clock.js';
import type { ControlResult, ProcessOrder } from '../../../registry/control.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { printDocument } from '../../json.js';
import type { Session } from '../../session.js';
import { processNameOf, workerIdOf } from './find.js';
import { nameOf, type WorkersCall } from './format.js';

type Answered = Extract<OrderReport, { kind: 'answered' }>;

export async function cancel(call: WorkersCall, session: Session): Promise<number> {
  const { connection, keys, settings } = session;
  const id = await workerIdOf(call.words[0], session);
  const nowMs = await serverTimeMs(connection);
  const [worker] = await readWorkers(connection, keys, [id], { nowMs, pruneAfterMs: settings.pruneAfter * 1000 });
  const { as = 'fail' } = call.flags;
  const report = await sendCancel(connection, keys, id, as);
  if (report.kind !== 'answered') throw refusal(report, id, session);
  const { result, killed = false } = report;
  const job = worker.job && { queue: worker.job.queue, class: worker.job.class };
  if (call.flags.json) printDocument(call.io, { worker: id, job: job ?? null, result, killed });
  else printLine(call.io, `${job?.class || 'the job'} of ${nameOf(worker)} ${resultText(report)}`);
  return result === RESULT_OF[as] ? EXIT.fine : EXIT.problem;
}

const RESULT_OF = { fail: 'failed', discard: 'discarded', requeue: 'requeued' } as const;

const TEXTS: Readonly<Record<ControlResult, string>> = {
  failed: 'was cancelled: it is in the failed list',
  discarded: 'was cancelled: it counts as processed',
  requeued: 'was cancelled: it is back at the head of its queue',
  done: 'was not cancelled: it succeeded meanwhile',
  retry: 'was not cancelled: it failed meanwhile, and runs again later',
  gone: 'was not cancelled: it had ended before',
  recovered: 'was not cancelled: its process has died or was declared dead, and the job was recovered',
  accepted: '',
};

function resultText({ result, killed }: Answered): string {
  if (!killed) return TEXTS[result];
  return `${TEXTS[result]}. A job blocked its process, which was killed: its other jobs are back in their queues`;
}

export async function order(call: WorkersCall, session: Session): Promise<number> {
  const kind = call.verb as ProcessOrder['kind'];
  const name = await processNameOf(call.words[0], session);
  const report = await sendToProcess(session.connection, session.keys, name, kind);
  if (report.kind !== 'answered') throw refusal(report, name, session);
  if (call.flags.json) printDocument(call.io, { process: name, order: kind, result: report.result });
  else printLine(call.io, `${ORDER_TEXTS[kind]} (${name})`);
  return EXIT.fine;
}

const ORDER_TEXTS: Readonly<Record<ProcessOrder['kind'], string>> = {
  quiet: 'paused: it claims no more jobs, until tsworker workers resume, SIGCONT or a restart',
  resume: 'resumed: it claims jobs again',
  stop: 'shutting down: its running jobs are allowed to finish, as after SIGTERM',
};

function refusal(report: Exclude<OrderReport, Answered>, name: string, session: Session): TsworkerError {
  const pid = /^[^:]+:(\d+)/.exec(name)?.[1];
  switch (report.kind) {
    case 'foreign':
      return new TsworkerError('STATE', `${name} belongs to another program: only tsworker takes orders`, {
        hint:
          pid === undefined
            ? 'end it on its machine'
            : `for a Ruby worker, on its machine: kill -USR1 ${pid} ends its job`,
      });
    case 'idle':
      return new TsworkerError('STATE', `${name} runs no job`, {
        hint: 'tsworker workers -state=working lists those that do',
      });
    case 'nobody': {
      const channel = `&${session.keys.control('*')}`;
      return new TsworkerError('STATE', `no process receives orders for ${name}`, {
        hint: `its process has ended, has no RESP3 connection of its own, or its ACL lacks +subscribe +unsubscribe ${channel}`,
      });
    }
    case 'silent':
      return new TsworkerError('STATE', `${name} does not answer: a job blocks its process, which has no supervisor`, {
        hint: `end the process on its machine, and its jobs are recovered: kill -9 ${pid ?? '<pid>'}`,
      });
  }
}
