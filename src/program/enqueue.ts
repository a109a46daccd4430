/** Enqueues jobs, over the connection of the worker in this process or over the program's own. */
import { maskUri } from '../config/uri.js';
import type { EnqueueResult } from '../job.js';
import { type OutgoingJob, setDefaultSender } from '../job-modules/sender.js';
import type { Connection } from '../redis/connection.js';
import type { Due } from '../resque/due.js';
import { checkNewJob, enqueueDelayed, enqueueJobs, type NewJob } from '../resque/enqueue.js';
import { createKeys } from '../resque/keys.js';
import { isTraced } from '../tracing/mark.js';
import { open } from './connection.js';
import { enqueueWithHooks } from './enqueue-hooks.js';
import { pushWithin } from './push-within.js';
import { program, settingsInForce } from './state.js';

// A job() can be enqueued wherever the library is loaded.
setDefaultSender(send);

/**
 * Enqueues one job, or many in one round trip: all or none. Inside a worker it uses the worker's connection; elsewhere
 * a connection is opened at the first call and kept until {@link close}. In a program with an OpenTelemetry SDK the
 * payloads also carry the trace.
 * @returns what came of it, or of each: a unique job may have been kept out by another one, any by a hook of middleware
 * @throws TsworkerError USAGE if a job has an invalid queue or an unknown member, PAYLOAD if an argument cannot be
 *   written as JSON, CONFLICT if a unique job is kept out whose `onConflict` is 'error', REDIS if Redis cannot be reached,
 *   or has not confirmed within `enqueueTimeout` (seconds): the message says whether the jobs may have been enqueued
 *   nevertheless
 */
export async function enqueue(job: NewJob): Promise<EnqueueResult>;
export async function enqueue(jobs: readonly NewJob[]): Promise<EnqueueResult[]>;
export async function enqueue(jobs: NewJob | readonly NewJob[]): Promise<EnqueueResult | EnqueueResult[]> {
  const isList = Array.isArray(jobs);
  const list = isList ? (jobs as readonly NewJob[]) : [jobs as NewJob];
  const results = await deliver(list, undefined, (connection, keyPrefix, jobs, fields) =>
    enqueueJobs(connection, keyPrefix, jobs, fields),
  );
  return isList ? results : results[0];
}

/** Implements `job().enqueue()`, `enqueueIn` and `enqueueAt`, which do not depend on Redis. */
export async function send({ due, ...job }: OutgoingJob): Promise<EnqueueResult> {
  return due === undefined ? await enqueue(job) : (await pushDelayed([job], due))[0];
}

/** @returns what came of each */
export function pushDelayed(list: readonly NewJob[], due: Due): Promise<EnqueueResult[]> {
  return deliver(list, due, (connection, keyPrefix, jobs, fields) =>
    enqueueDelayed(
      connection,
      createKeys(keyPrefix),
      jobs.map((job) => ({ ...job, due })),
      fields,
    ),
  );
}

/** Writes the jobs to Redis. `fields` are added to class and args in each payload. */
type Deliver = (
  connection: Connection,
  keyPrefix: string,
  jobs: readonly NewJob[],
  fields: Readonly<Record<string, string>>,
) => Promise<EnqueueResult[]>;

/** Everything that enqueueing does except the write: checks the jobs, asks hooks, traces, connects, keeps the time limit. */
async function deliver(list: readonly NewJob[], due: Due | undefined, how: Deliver): Promise<EnqueueResult[]> {
  list.forEach(checkNewJob);
  return await enqueueWithHooks(list, due, async (jobs) => {
    if (!isTraced()) return await push(jobs, how, {});
    const { sendTraced } = await import('../tracing/send.js');
    return await sendTraced(jobs, (fields) => push(jobs, how, fields));
  });
}

async function push(
  list: readonly NewJob[],
  how: Deliver,
  fields: Readonly<Record<string, string>>,
): Promise<EnqueueResult[]> {
  const { working } = program();
  const { namespace, enqueueTimeout, uri } = settingsInForce();
  const within = { jobs: list.length, timeoutMs: enqueueTimeout * 1000, shownUri: maskUri(uri) };
  const connect = async () => working?.connection ?? (await open());
  try {
    return await pushWithin(within, connect, (connection) => how(connection, namespace, list, fields));
  } finally {
    // Also if the reply was lost: the jobs may have been enqueued.
    working?.jobsPushed(list.map(({ queue }) => queue));
  }
}
