/** Pushing jobs as Ruby Resque does: the queue into the set of queues, the payload to the tail of its list. */
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { encodePayload } from './codec.js';
import { delayJobs } from './delayed.js';
import type { Due } from './due.js';
import { checkExpiresIn, expiriesOf } from './expiry.js';
import { createKeys, type Keys } from './keys.js';
import type { ReadyJob } from './payload-text.js';
import { type Batch, pushJobs } from './push.js';
import { pushUnique } from './push-unique.js';
import { checkQueueName } from './queue-name.js';
import { type NewLock, newLock, type Unique, type UniquePolicy, uniquePolicy } from './unique.js';
import { ownClass, wrappedJob } from './wrapper.js';

/** A job to be enqueued. */
export interface NewJob {
  readonly queue: string;
  /** The Resque class. */
  readonly class: string;
  /** Any JSON values; a `bigint` is written as an exact integer. Default none. */
  readonly args?: readonly unknown[];
  /** Seconds, counted from when it is due: if it has not begun by then, it counts as processed and does not run. */
  readonly expiresIn?: number | undefined;
  /** Not enqueued while another job that counts as the same waits or runs. */
  readonly unique?: Unique<never> | undefined;
}

const MEMBERS = ['queue', 'class', 'args', 'expiresIn', 'unique'];

/**
 * @throws TsworkerError USAGE if it is not a job, or has an unknown member: a delay that is ignored would be a surprise
 */
export function checkNewJob(job: unknown): void {
  if (typeof job !== 'object' || job === null || Array.isArray(job))
    throw new TsworkerError('USAGE', 'enqueue takes jobs: { queue, class, args }');
  const { queue, class: name, args, expiresIn, unique } = job as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '')
    throw new TsworkerError('USAGE', 'enqueue: the job has no class: { queue, class, args }');
  const where = `enqueue of ${name}`;
  checkQueueName(queue, where);
  if (args !== undefined && !Array.isArray(args)) throw new TsworkerError('USAGE', `${where}: args must be a list`);
  checkExpiresIn(expiresIn, where);
  uniquePolicy(unique, where);
  const unknown = Object.entries(job).flatMap(([key, value]) =>
    value === undefined || MEMBERS.includes(key) ? [] : [key],
  );
  if (unknown.length === 0) return;
  throw new TsworkerError('USAGE', `${where}: a job has no ${unknown.map((key) => `"${key}"`).join(', ')}`, {
    hint: 'A job is { queue, class, args }; for later there are enqueueIn and enqueueAt.',
  });
}

/**
 * All or none, in one round trip; jobs of one queue keep their order. A job that is kept out by another's lock does not
 * count.
 * @param fields members beside class and args in each payload: where it was enqueued, for a trace
 * @returns the result for each
 * @throws TsworkerError PAYLOAD if an argument cannot be written as JSON, CONFLICT if a unique job is to reject, REDIS
 * if a key is of another type; nothing is pushed then
 */
export async function enqueueJobs(
  connection: Connection,
  namespace: string,
  jobs: readonly NewJob[],
  fields: Readonly<Record<string, string>> = {},
): Promise<EnqueueResult[]> {
  if (jobs.length === 0) return [];
  const ready = await encodeJobs(connection, jobs, fields);
  return await pushReady(connection, createKeys(namespace), ready);
}

/** The same for encoded payloads. */
export async function pushReady(
  connection: Connection,
  keys: Keys,
  jobs: readonly ReadyJob[],
  batch?: Batch,
): Promise<EnqueueResult[]> {
  if (jobs.some(({ lock }) => lock !== undefined)) return await pushUnique(connection, keys, jobs, batch);
  await pushJobs(connection, keys, jobs, batch);
  return jobs.map(() => ENQUEUED);
}

const ENQUEUED: EnqueueResult = { status: 'enqueued' };

/** The same for later, a thousand in each step: all of these or none. Jobs that are already due go to their queue. */
export async function enqueueDelayed(
  connection: Connection,
  keys: Keys,
  jobs: readonly (NewJob & { readonly due: Due })[],
  fields: Readonly<Record<string, string>> = {},
): Promise<EnqueueResult[]> {
  const ready = await encodeJobs(connection, jobs, fields);
  return await delayJobs(
    connection,
    keys,
    ready.map((job, i) => ({ ...job, due: jobs[i].due })),
  );
}

/** For an ActiveJob job, by its own class and arguments: its hash is never the same. */
function lockOf(policy: UniquePolicy, job: { readonly class: string; readonly args: readonly unknown[] }): NewLock {
  const given = wrappedJob(job)?.arguments;
  return newLock(policy, ownClass(job), Array.isArray(given) ? (given as unknown[]) : job.args);
}

async function encodeJobs(
  connection: Connection,
  jobs: readonly (NewJob & { readonly due?: Due })[],
  fields: Readonly<Record<string, string>>,
): Promise<ReadyJob[]> {
  const expiries = await expiriesOf(connection, jobs);
  return jobs.map(({ queue, class: name, args = [], unique }, i) => {
    const policy = uniquePolicy(unique, `enqueue of ${name}`);
    const lock = policy && lockOf(policy, { class: name, args });
    const own = { expiresAt: expiries[i], lock: lock?.borne ? lock : undefined };
    return { queue, payload: encodePayload(name, args, fields, own), lock };
  });
}
