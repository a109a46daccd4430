/**
 * Jobs of ActiveJob: what is in the wrapper, and how the function is called with it. A job that Rails has wrapped has the
 * class and the arguments of its own from here on. Must not know Redis.
 */
import { decodeArguments } from '../active-job/decode.js';
import { WrapperError } from '../active-job/errors.js';
import { RubyTime } from '../active-job/values.js';
import type { ActiveJobInfo, DecodedPayload, JobContext, JobFunction } from '../job.js';
import { type JobHash, wrappedJob } from '../resque/wrapper.js';

/** A payload that was read. */
export interface ReadJob extends DecodedPayload {
  /** Of a wrapped job, once they are decoded. */
  args: readonly unknown[];
  /** What Rails wrote. */
  readonly activeJob?: JobHash;
}

/**
 * What is in the wrapper.
 * @param isRegistered whether a class has a function
 * @returns the job as it is where only the wrapper's class has a function
 * @throws WrapperError where nothing is in it
 */
export function unwrap(job: DecodedPayload, isRegistered: (className: string) => boolean): ReadJob {
  const hash = wrappedJob(job);
  const name = hash?.job_class;
  const isJob = hash !== undefined && typeof name === 'string' && name !== '';
  if (isRegistered(job.class) && !(isJob && isRegistered(name))) return job;
  if (!isJob) throw new WrapperError(hash === undefined ? 'it has no object as its argument' : 'it names no job_class');
  const { arguments: args } = hash;
  return { ...job, class: name, args: Array.isArray(args) ? (args as unknown[]) : [], activeJob: hash };
}

/** Decodes the `arguments` of a job. The function is called in the job's context. */
export type DecodeArguments = (this: JobContext, given: unknown) => unknown[] | Promise<unknown[]>;

const DECODE = Symbol.for('tsworker.active-job.decode');

/** Gives a function its own way to decode arguments. */
export function withDecode(fn: JobFunction, decode: DecodeArguments): JobFunction {
  return Object.assign(fn, { [DECODE]: decode });
}

/** The function's own, or undefined. */
export function decodeOf(fn: JobFunction): DecodeArguments | undefined {
  return (fn as { [DECODE]?: DecodeArguments })[DECODE];
}

/**
 * Decodes the arguments, then calls. No promise of our own where they are there at once.
 * @throws DeserializationError, or rejects with it
 */
export function callWrapped(
  job: ReadJob,
  decode: DecodeArguments | undefined,
  context: JobContext,
  call: () => unknown,
): unknown {
  const given = job.activeJob?.arguments;
  const decoded = decode === undefined ? decodeArguments(given) : decode.call(context, given);
  const run = (args: unknown[]) => {
    job.args = args;
    return call();
  };
  return Array.isArray(decoded) ? run(decoded) : decoded.then(run);
}

/** What a job sees of it. @param attempt which run of ours it is */
export function activeJobInfo(hash: JobHash, attempt: number): ActiveJobInfo {
  const { executions, exception_executions: byError } = hash;
  return {
    jobId: textIn(hash, 'job_id'),
    queueName: textIn(hash, 'queue_name'),
    priority: typeof hash.priority === 'number' ? hash.priority : undefined,
    executions: (typeof executions === 'number' && executions >= 0 ? executions : 0) + attempt,
    exceptionExecutions: countsIn(byError),
    locale: textIn(hash, 'locale'),
    timezone: textIn(hash, 'timezone'),
    enqueuedAt: timeIn(hash, 'enqueued_at'),
    scheduledAt: timeIn(hash, 'scheduled_at'),
    data: hash,
  };
}

function countsIn(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, count]) => typeof count === 'number'));
}

function textIn(hash: JobHash, key: string): string | undefined {
  const value = hash[key];
  return typeof value === 'string' ? value : undefined;
}

function timeIn(hash: JobHash, key: string): Date | undefined {
  const text = textIn(hash, key);
  const time = text === undefined ? undefined : new RubyTime(text);
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
}
