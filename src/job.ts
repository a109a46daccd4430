/** The vocabulary, as types. Imports only types; everybody may import it. */
import type { Logger } from 'pino';
import type { CaughtError } from './thrown.js';

/** A decoded payload: the name of the Resque class and its arguments. */
export interface DecodedPayload {
  readonly class: string;
  readonly args: readonly unknown[];
  /** After this time, by Redis' clock, it is not run any more. Milliseconds; absent: it never expires. */
  readonly expiresAt?: number;
}

/** Turns a payload's text into class and arguments; throws where it cannot. goworker's RegisterDecoder. */
export type Decoder = (payload: string) => DecodedPayload;

/** The options of one flag of the job modules' own (`export const flags`): a subset of yargs' options. */
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
 * What a job function finds in `this`. Every field is computed when it is read, so an unused context costs nothing.
 * @typeParam F the type of the module's `flags` export (`typeof flags`)
 */
export interface JobContext<F = Record<string, FlagOptions>> {
  /** The queue that the job came from. */
  readonly queue: string;
  /** The Resque class in the payload. */
  readonly class: string;
  /** The arguments, as decoded (before a schema transforms them). */
  readonly args: readonly unknown[];
  /** The payload's text as the producer pushed it. */
  readonly payload: string;
  /** The id of the Resque worker that runs the job: `<label>:<pid>-<slot>:<queues>`. */
  readonly workerId: string;
  /** Aborts when the job must end now: at a second stop signal, or when `-grace` is over. */
  readonly signal: AbortSignal;
  /** A pino child logger that names queue, class and worker. */
  readonly log: Logger;
  /** The values of the job modules' own flags. */
  readonly flags: FlagValues<F>;
  /** Which run of the job this is, from 1: one more than the runs that failed. */
  readonly attempt: number;
  /** How often the job runs at most before it goes to the failed list; 1 without `retry`. */
  readonly attempts: number;
  /** The latest runs that failed, at most ten, the last one last. */
  readonly failures: readonly PastFailure[];
}

/** A job: gets the queue and the payload's arguments. Resolving is success, rejecting or throwing is failure. */
export type JobFunction = (this: JobContext, queue: string, ...args: never[]) => unknown;

/** What `setup` is given: once per process, before the first job. */
export interface SetupContext<F = Record<string, FlagOptions>> {
  readonly flags: FlagValues<F>;
  readonly log: Logger;
  /** Aborts when the worker begins to stop. */
  readonly signal: AbortSignal;
  /** Jobs at once in this process: the size of a connection pool that never runs dry. */
  readonly concurrency: number;
}

/** The lock of a unique job, as its payload bears it. */
export interface JobLock {
  /** `<Class>:<sha1>`: its name in Redis without what stands before it. */
  readonly key: string;
  /** What the lock contains while this job holds it. */
  readonly token: string;
  /** Seconds, from whenever the job is due, is put back, or starts. */
  readonly ttl: number;
  /** It is released when the job starts, and not when it ends. */
  readonly untilStarted: boolean;
}

/** What came of enqueueing a job. */
export type EnqueueResult =
  /** In its queue; or refused: another job holds its lock (`kept`). */
  | { readonly status: 'enqueued' | 'kept'; readonly at?: undefined }
  /** `at`: when it is due, in whole seconds. */
  | { readonly status: 'delayed'; readonly at: Date }
  /** It took the place of a job that had not begun. `at`: when it is due; absent: it is in its queue. */
  | { readonly status: 'replaced'; readonly at?: Date };

/** A job held by one of our slots: Redis shows it in the slot's worker record, under the token. */
export interface Claim {
  /** The slot, 0 to concurrency - 1. */
  readonly slot: number;
  /** Names this claim in the worker record; a finish counts only while the record bears it. */
  readonly token: string;
  readonly queue: string;
  /** The exact bytes that the producer pushed. */
  readonly payload: Buffer;
  /** Redis found the payload to be a strict JSON object; otherwise record and failure show it as text. */
  readonly strict: boolean;
  /** Where it has run before and is run again. */
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

/** What is known of a job that is to run again: it stands beside the payload, which stays as it was. */
export interface RetryState {
  /** Tells it from a job with the same payload. */
  readonly id: string;
  /** The run that comes, or that is: 2 after one that failed. */
  readonly attempt: number;
  /** How often it was put off without having failed (RetryIn). */
  readonly postponed: number;
  /** ISO 8601; undefined where no run has failed. */
  readonly firstFailedAt: string | undefined;
  /** The latest runs that failed, the last one last. */
  readonly errors: readonly PastFailure[];
}

/** How a job ended. */
export type Outcome =
  | { readonly kind: 'done' }
  /** To run again. `counts`: this run has failed, and was not just put off. */
  | {
      readonly kind: 'retry';
      readonly error: CaughtError;
      readonly inMs: number;
      readonly counts: boolean;
      readonly state: RetryState;
    }
  /** Ended well by its own decision, without being done. */
  | { readonly kind: 'discarded'; readonly error: CaughtError }
  | { readonly kind: 'failed'; readonly error: CaughtError }
  /** Not ended: back to the head of its queue, byte for byte. */
  | { readonly kind: 'requeue' };
