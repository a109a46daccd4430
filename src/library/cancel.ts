/** Cancelling one running job from a program. */
import { TsworkerError } from '../errors.js';
import { sendCancel } from '../inspect/orders.js';
import { connected } from '../program/connection.js';
import { CANCEL_AS, type CancelAs, type ControlResult } from '../registry/control.js';
import { createKeys } from '../resque/keys.js';

/**
 * What came of it. failed, discarded, requeued: as asked. done, retry: the job ended so meanwhile. gone: it had ended before.
 * recovered: its process has died, or was declared dead. `killed`: it blocked its process, which its supervisor has killed.
 */
export interface CancelResult {
  readonly result: Exclude<ControlResult, 'accepted'>;
  readonly killed: boolean;
}

/**
 * Cancels the job that a worker runs now, never the next one: its signal aborts, and its slot is free within five seconds.
 * @param workerId as in `this.workerId`
 * @param options.as fail (without a retry), discard (it counts as processed), or requeue. Default fail
 * @throws TsworkerError USAGE for an invalid option; STATE if the worker runs no job, belongs to another program, or does not
 *   take the order; REDIS if Redis cannot be reached
 */
export async function cancelJob(workerId: string, options: { readonly as?: CancelAs } = {}): Promise<CancelResult> {
  const { as = 'fail' } = options;
  if (!CANCEL_AS.includes(as))
    throw new TsworkerError('USAGE', `cancelJob: as must be one of ${CANCEL_AS.join(', ')}, not ${String(as)}`);
  const { connection, namespace } = await connected();
  const report = await sendCancel(connection, createKeys(namespace), workerId, as);
  if (report.kind !== 'answered') throw new TsworkerError('STATE', `cancelJob: ${workerId} ${REASONS[report.kind]}`);
  const { result, killed = false } = report;
  return { result: result as CancelResult['result'], killed };
}

const REASONS = {
  foreign: "is not one of tsworker's workers",
  idle: 'runs no job',
  nobody: 'takes no orders: nobody listens on its channel',
  silent: 'does not answer: a job blocks its process, which has no supervisor',
} as const;
