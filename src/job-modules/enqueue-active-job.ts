/** Enqueues jobs for Rails: ActiveJob's hash in its wrapper, as Rails 6.1 to 8.1 run it. Must not know Redis. */
import { randomUUID } from 'node:crypto';
import { encodeArguments } from '../active-job/encode.js';
import { isoNanoseconds } from '../active-job/time.js';
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import { type Due, dueAt, dueIn } from '../resque/due.js';
import { checkExpiresIn } from '../resque/expiry.js';
import { checkQueueName } from '../resque/queue-name.js';
import { type Unique, uniquePolicy } from '../resque/unique.js';
import { WRAPPER } from '../resque/wrapper.js';
import { sender } from './sender.js';

/** A job to be enqueued for Rails, or for an `activeJob()`. */
export interface NewActiveJob {
  /** The job's class in Rails: `InvoiceJob`. */
  readonly class: string;
  readonly queue: string;
  /** What Ruby's `perform` gets: JSON's values, Dates, and what `gid`, `symbol`, `symbolKeys` and the like make. Default none. */
  readonly arguments?: readonly unknown[];
  /** Its keyword arguments. */
  readonly keywords?: Readonly<Record<string, unknown>>;
  /** Seconds from now. */
  readonly in?: number;
  readonly at?: Date;
  /** Default: a new UUID. */
  readonly jobId?: string;
  /** Resque ignores it; the job may read it. */
  readonly priority?: number;
  /** In force while Rails performs the job: `en`. Default: the application's. */
  readonly locale?: string;
  /** Likewise: `Europe/Moscow`. */
  readonly timezone?: string;
  /** Seconds: as in `enqueue`; Ruby ignores it. */
  readonly expiresIn?: number | undefined;
  /** As in `enqueue`: of the same class and arguments, or as `by` says, which gets them with the keywords last. */
  readonly unique?: Unique<never> | undefined;
}

/** What came of it. Of one that was kept out, the job_id that it would have had. */
export type EnqueuedActiveJob = EnqueueResult & { readonly jobId: string };

const TEXTS = ['jobId', 'locale', 'timezone'] as const;
const MEMBERS = ['class', 'queue', 'arguments', 'keywords', 'in', 'at', 'priority', 'expiresIn', 'unique', ...TEXTS];

/**
 * Enqueues a job that Rails runs, at once or with a delay.
 * @throws TsworkerError USAGE if a member is invalid or unknown, SerializationError if ActiveJob has no form for an
 *   argument; otherwise as `enqueue`
 */
export async function enqueueActiveJob(job: NewActiveJob): Promise<EnqueuedActiveJob> {
  check(job);
  const due = dueOf(job);
  const data = jobData(job, due);
  const { queue, expiresIn } = job;
  const result = await sender()({ queue, class: WRAPPER, args: [data], due, expiresIn, unique: uniqueOf(job) });
  return { ...result, jobId: data.job_id };
}

/** `by` gets the arguments as they were given. */
function uniqueOf({ unique, arguments: args = [], keywords }: NewActiveJob): Unique<never> | undefined {
  if (typeof unique !== 'object' || unique.by === undefined) return unique;
  const given = keywords === undefined ? args : [...args, keywords];
  const by = unique.by as (...args: readonly unknown[]) => unknown;
  return { ...unique, by: () => by(...given) };
}

/** What Rails writes, all of it: complete for every version. */
function jobData(job: NewActiveJob, due: Due | undefined) {
  const now = new Date();
  return {
    job_class: job.class,
    job_id: job.jobId ?? randomUUID(),
    provider_job_id: null,
    queue_name: job.queue,
    priority: job.priority ?? null,
    arguments: encodeArguments(job.arguments ?? [], job.keywords),
    executions: 0,
    exception_executions: {},
    locale: job.locale ?? null,
    timezone: job.timezone ?? null,
    enqueued_at: isoNanoseconds(now),
    scheduled_at: due === undefined ? null : isoNanoseconds('at' in due ? due.at : new Date(now.getTime() + due.inMs)),
  };
}

function dueOf(job: NewActiveJob): Due | undefined {
  if (job.at !== undefined && job.in !== undefined) throw refused(`${where(job)}: either in or at, not both`);
  if (job.at !== undefined) return dueAt(job.at);
  return job.in === undefined ? undefined : dueIn(job.in);
}

const where = (job: NewActiveJob) => `enqueueActiveJob of ${job.class}`;

function check(given: NewActiveJob): void {
  const job: unknown = given;
  if (typeof job !== 'object' || job === null || Array.isArray(job)) throw refused('enqueueActiveJob takes a job');
  const { class: name, queue, arguments: args, keywords, priority, expiresIn } = job as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') throw refused('enqueueActiveJob: the job has no class');
  checkQueueName(queue, where(given));
  if (args !== undefined && !Array.isArray(args)) throw refused(`${where(given)}: arguments must be a list`);
  if (keywords !== undefined && (typeof keywords !== 'object' || keywords === null || Array.isArray(keywords)))
    throw refused(`${where(given)}: keywords must be an object`);
  if (priority !== undefined && !Number.isSafeInteger(priority))
    throw refused(`${where(given)}: priority must be an integer`);
  for (const member of TEXTS)
    if (given[member] !== undefined && typeof given[member] !== 'string')
      throw refused(`${where(given)}: ${member} must be a text`);
  checkExpiresIn(expiresIn, where(given));
  uniquePolicy(given.unique, where(given));
  const unknown = Object.keys(job).find((key) => !MEMBERS.includes(key));
  if (unknown !== undefined) throw refused(`${where(given)}: a job has no "${unknown}"`);
}

function refused(message: string): TsworkerError {
  return new TsworkerError('USAGE', message, {
    hint: "A job is { class: 'InvoiceJob', queue: 'mailers', arguments: [gid('shop', 'User', 42)], keywords: { … }, in: 60 }.",
  });
}
