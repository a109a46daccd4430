/**
 * The plainest way to write a job: a named export whose name begins with a capital is the Resque class of that name.
 * The first parameter is the queue, the others are the payload's arguments:
 *
 *     Resque.enqueue_to('high', 'SendWelcomeMail', 'ada@example.com', 1795488305000)
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobContext } from 'tsworker';

export async function SendWelcomeMail(
  this: JobContext,
  _queue: string,
  address: string,
  enqueuedAt: number,
): Promise<void> {
  this.log.debug({ waitMs: Date.now() - enqueuedAt }, 'demo wait');
  await deliver(address, this.signal);
}

/** Stands for a mail server. It is handed the job's signal: where the worker must end now, the job is put back. */
async function deliver(_address: string, signal: AbortSignal): Promise<void> {
  await pause(25, undefined, { signal });
}
