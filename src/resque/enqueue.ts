/** Pushing jobs as Ruby Resque does: the queue into the set of queues, the payload to the tail of its list. */
import { TsworkerError } from '../errors.js';
import type { Connection } from '../redis/connection.js';
import { encodePayload } from './codec.js';
import { checkExpiresIn, expiriesOf } from './expiry.js';
import { createKeys } from './keys.js';
import { pushJobs } from './push.js';
import { checkQueueName } from './queue-name.js';

/** A job to be enqueued. */
export interface NewJob {
  readonly queue: string;
  /** The Resque class. */
  readonly class: string;
  /** Any JSON values; a `bigint` is written as an exact integer. Default none. */
  readonly args?: readonly unknown[];
  /** Seconds: where it has not begun by then, it counts as processed and is not run. From when it is due, if that is later. */
  readonly expiresIn?: number | undefined;
}

const MEMBERS = ['queue', 'class', 'args', 'expiresIn'];

/** @throws TsworkerError USAGE where it is no job, or has something more: a delay that is ignored would be a surprise */
export function checkNewJob(job: unknown): void {
  if (typeof job !== 'object' || job === null || Array.isArray(job))
    throw new TsworkerError('USAGE', 'enqueue takes jobs: { queue, class, args }');
  const { queue, class: name, args, expiresIn } = job as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '')
    throw new TsworkerError('USAGE', 'enqueue: the job has no class: { queue, class, args }');
  const where = `enqueue of ${name}`;
  checkQueueName(queue, where);
  if (args !== undefined && !Array.isArray(args)) throw new TsworkerError('USAGE', `${where}: args must be a list`);
  checkExpiresIn(expiresIn, where);
  const unknown = Object.entries(job).flatMap(([key, value]) =>
    value === undefined || MEMBERS.includes(key) ? [] : [key],
  );
  if (unknown.length === 0) return;
  throw new TsworkerError('USAGE', `${where}: a job has no ${unknown.map((key) => `"${key}"`).join(', ')}`, {
    hint: 'A job is { queue, class, args }; for later there are enqueueIn and enqueueAt.',
  });
}

/**
 * All or none, in one round trip; jobs of one queue keep their order.
 * @param fields stand beside class and args in each payload: where it was enqueued, for a trace
 * @throws TsworkerError PAYLOAD where an argument cannot be written as JSON, REDIS where a key is of another type; nothing
 *   is pushed then
 */
export async function enqueueJobs(
  connection: Connection,
  namespace: string,
  jobs: readonly NewJob[],
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (jobs.length === 0) return;
  const expiries = await expiriesOf(connection, jobs);
  const ready = jobs.map(({ queue, class: name, args = [] }, i) => ({
    queue,
    payload: encodePayload(name, args, fields, expiries[i]),
  }));
  await pushJobs(connection, createKeys(namespace), ready);
}
