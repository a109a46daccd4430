/** The types that everything shares: payload, job function, claim, outcome. Imports only types; any file may import it. */
import type { Logger } from 'pino';
import type { CaughtError } from './thrown.js';

/** A decoded payload: the name of the Resque class and its arguments. */
export interface DecodedPayload {
  readonly class: string;
  readonly args: readonly unknown[];
  /** The job does not run after this time, by Redis' clock. Milliseconds since the epoch; absent: it never expires. */
  readonly expiresAt?: number;
}

/** Decodes a payload into class and arguments, or throws. As goworker's RegisterDecoder. */
export type Decoder = (payload: string) => DecodedPayload;

/** The options of a flag that a job module defines (`export const flags`): a subset of yargs' options. */
export interface FlagOptions {
  readonly type?: 'string' | 'number' | 'boolean' | 'array' | 'count';
  readonly describe?: string;
  readonly default?: unknown;
  readonly demandOption?: boolean | string;
  readonly choices?: readonly (string | number)[];
  readonly alias?: string | readonly string[];
}

type FlagType<O extends FlagOptions> = O['type'] extends 'number' | 'count'
  ? number
  : O['type'] extends 'boolean'
    ? boolean
    : O['type'] extends 'array'
      ? string[]
      : O['type'] extends 'string'
        ? string
        : O extends { default: infer D }
          ? D
          : unknown;

type IsGiven<O extends FlagOptions> = O extends { default: unknown } | { demandOption: true | string } ? true : false;

/** The values of `export const flags = defineFlags({…})`, by name. Without default or demandOption a value may be absent. */
export type FlagValues<F> = {
  readonly [K in keyof F]: F[K] extends FlagOptions
    ? IsGiven<F[K]> extends true
      ? FlagType<F[K]>
      : FlagType<F[K]> | undefined
    : unknown;
};

/**
 * The `this` of a job function. Each field is computed when it is read, so an unused context costs nothing.
 * @typeParam F the type of the module's `flags` export (`typeof flags`)
 */
export interface JobContext<F = Record<string, FlagOptions>> {
  /** The queue that the job came from. */
  readonly queue: string;
  /** The Resque class in the payload; of an ActiveJob job its own. */
  readonly class: string;
  /** The arguments, as decoded (before a schema transforms them). */
  readonly args: readonly unknown[];
  /** The payload's text as the producer pushed it. */
  readonly payload: string;
  /** The id of the Resque worker that runs the job: `<label>:<pid>-<slot>:<queues>`. */
  readonly workerId: string;
  /** Aborts when the job has to end now: at a second stop signal, or after `-grace`. */
  readonly signal: AbortSignal;
  /** A pino child logger with queue, class and worker. */
  readonly log: Logger;
  /** The values of the flags that job modules define. */
  readonly flags: FlagValues<F>;
  /** The number of this run, from 1: one more than the runs that failed. */
  readonly attempt: number;
  /** The maximum number of runs before the job goes to the failed list; 1 without `retry`. */
  readonly attempts: number;
  /** The last runs that failed, at most ten, the most recent at the end. */
  readonly failures: readonly PastFailure[];
  /** Of a job that Rails enqueued with ActiveJob: what it wrote beside class and arguments. */
  readonly activeJob: ActiveJobInfo | undefined;
}

/** Data of Rails about a job, beside class and arguments. Missing values are undefined. */
export interface ActiveJobInfo {
  /** The same in all runs of the job. */
  readonly jobId: string | undefined;
  readonly queueName: string | undefined;
  readonly priority: number | undefined;
  /** The number of this run, from 1: includes the runs that Rails counted before. */
  readonly executions: number;
  /** How often errors were handled by `retry_on` in Rails: by the text of its list of classes. */
  readonly exceptionExecutions: Readonly<Record<string, number>>;
  /** The locale at the enqueueing: `en`. */
  readonly locale: string | undefined;
  /** The time zone at the enqueueing: `Europe/Moscow`. */
  readonly timezone: string | undefined;
  readonly enqueuedAt: Date | undefined;
  /** The time for which it was enqueued; since Rails 7.1. */
  readonly scheduledAt: Date | undefined;
  /** Everything that Rails wrote, including members of the application's own. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A job: gets the queue and the payload's arguments. Resolving is success, rejecting or throwing is failure. */
export type JobFunction = (this: JobContext, queue: string, ...args: never[]) => unknown;

/** The argument of `setup`, which is called once per process, before the first job. */
export interface SetupContext<F = Record<string, FlagOptions>> {
  readonly flags: FlagValues<F>;
  readonly log: Logger;
  /** Aborts when the worker begins to shut down. */
  readonly signal: AbortSignal;
  /** The number of jobs that this process runs at the same time: the size for a connection pool. */
  readonly concurrency: number;
}

/** The lock of a unique job, as written in its payload. */
export interface JobLock {
  /** `<Class>:<sha1>`: its key in Redis without the prefix. */
  readonly key: string;
  /** The value of the lock while this job holds it. */
  readonly token: string;
  /** Seconds, counted from when the job is due, requeued, or started. */
  readonly ttl: number;
  /** The lock is released when the job starts instead of when it ends. */
  readonly untilStarted: boolean;
}

/** The result of enqueueing a job. */
export type EnqueueResult =
  /** In its queue; or refused: another job holds its lock (`kept`). */
  | { readonly status: 'enqueued' | 'kept' | 'vetoed'; readonly at?: undefined }
  /** `at`: when it is due, in whole seconds. */
  | { readonly status: 'delayed'; readonly at: Date }
  /** It replaced a job that had not begun. `at`: when it is due; absent: it is in its queue. */
  | { readonly status: 'replaced'; readonly at?: Date };

/** A job that a slot of this process has claimed: it is in the slot's worker record, with the token. */
export interface Claim {
  /** The slot, 0 to concurrency - 1. */
  readonly slot: number;
  /** Identifies this claim in the worker record; a finish counts only while the record has this token. */
  readonly token: string;
  readonly queue: string;
  /** The exact bytes that the producer pushed. */
  readonly payload: Buffer;
  /** The payload is a strict JSON object; otherwise the record and the failed entry contain it as text. */
  readonly strict: boolean;
  /** Present if the job has run before and failed. */
  readonly retry?: RetryState | undefined;
  /** Of a unique job. */
  readonly lock?: JobLock | undefined;
}

/** A run that failed. */
export interface PastFailure {
  /** ISO 8601. */
  readonly at: string;
  readonly error: string;
  /** The id of the worker that ran it. */
  readonly worker: string;
}

/** The state of a job that is retried. It is stored beside the payload, which never changes. */
export interface RetryState {
  /** Distinguishes it from a job with the same payload. */
  readonly id: string;
  /** The number of the next or the current run: 2 after the first one failed. */
  readonly attempt: number;
  /** How often it was postponed without a failure (RetryIn). */
  readonly postponed: number;
  /** ISO 8601; undefined if no run has failed. */
  readonly firstFailedAt: string | undefined;
  /** The last runs that failed, the most recent at the end. */
  readonly errors: readonly PastFailure[];
}

/** How a job ended. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The job runs again. `counts`: this run failed, and was not only postponed. */
  | {
      readonly kind: 'retry';
      readonly error: CaughtError;
      readonly inMs: number;
      readonly counts: boolean;
      readonly state: RetryState;
    }
  /** Processed without being done, by the decision of the job or of a hook. */
  | { readonly kind: 'discarded'; readonly error: CaughtError }
  | { readonly kind: 'failed'; readonly error: CaughtError }
  /** Not finished: the job returns to the head of its queue, byte for byte. */
  | { readonly kind: 'requeue' };
