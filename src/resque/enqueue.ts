/** Pushing jobs as Ruby Resque does: the queue into the set of queues, the payload to the tail of its list. */
import { TsworkerError } from '../errors.js';
import type { Connection } from '../redis/connection.js';
import { encodePayload } from './codec.js';
import { createKeys } from './keys.js';
import { checkQueueName } from './queue-name.js';

/** A job to be enqueued. */
export interface NewJob {
  readonly queue: string;
  /** The Resque class. */
  readonly class: string;
  /** Whatever JSON carries; a `bigint` is written as an exact integer. Default none. */
  readonly args?: readonly unknown[];
}

const MOST_IN_ONE_PUSH = 1000;
const MEMBERS = ['queue', 'class', 'args'];

/** @throws TsworkerError USAGE where it is no job, or has something more: a delay that is ignored would be a surprise */
export function checkNewJob(job: unknown): void {
  if (typeof job !== 'object' || job === null || Array.isArray(job))
    throw new TsworkerError('USAGE', 'enqueue takes jobs: { queue, class, args }');
  const { queue, class: name, args } = job as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '')
    throw new TsworkerError('USAGE', 'enqueue: the job has no class: { queue, class, args }');
  const where = `enqueue of ${name}`;
  checkQueueName(queue, where);
  if (args !== undefined && !Array.isArray(args)) throw new TsworkerError('USAGE', `${where}: args must be a list`);
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
 * @throws TsworkerError PAYLOAD where an argument cannot be written as JSON; nothing is pushed then
 */
export async function enqueueJobs(
  connection: Connection,
  namespace: string,
  jobs: readonly NewJob[],
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (jobs.length === 0) return;
  const keys = createKeys(namespace);
  const payloads = new Map<string, string[]>();
  for (const job of jobs) {
    const payload = encodePayload(job.class, job.args ?? [], fields);
    const others = payloads.get(job.queue);
    if (others === undefined) payloads.set(job.queue, [payload]);
    else others.push(payload);
  }
  const commands = [['SADD', keys.queues, ...payloads.keys()]];
  for (const [queue, all] of payloads)
    for (let first = 0; first < all.length; first += MOST_IN_ONE_PUSH)
      commands.push(['RPUSH', keys.queue(queue), ...all.slice(first, first + MOST_IN_ONE_PUSH)]);
  // Sent in one turn of the event loop: nobody else's command can come between.
  const replies = [['MULTI'], ...commands, ['EXEC']].map((command) => connection.send(command));
  const results = await Promise.allSettled(replies);
  const exec = results[results.length - 1];
  if (exec.status === 'rejected') throw (results.find((r) => r.status === 'rejected') as PromiseRejectedResult).reason;
}
