/** The hooks around jobs, as types. Imports only types; everybody may import it. */
import type { JobContext, SetupContext } from './job.js';
import type { CaughtError } from './thrown.js';

/** A job that is about to be enqueued, or was. */
export interface EnqueuedJob {
  readonly queue: string;
  /** The Resque class. */
  readonly class: string;
  readonly args: readonly unknown[];
  /** When a delayed job is due; absent: now. */
  readonly at?: Date | undefined;
  /** Seconds: see `expiresIn` of `enqueue`. */
  readonly expiresIn?: number | undefined;
}

/**
 * Hooks for all jobs that a configuration or a folder of job modules covers. All are optional, and may be async: each is
 * awaited before the next one is called.
 */
export interface Middleware {
  /** Once in each worker process, before the first job, and before the `setup` of what lies further inside. */
  setup?(context: SetupContext): unknown;
  /** Once, after the last job. Only if its `setup` succeeded. */
  teardown?(): unknown;
  /**
   * Runs the job by calling `next`, once. What it throws fails the job, but never replaces the job's own error, unless it
   * is `Discard`, `RetryIn` or `Cancel`. If it catches the job's error and returns, the job is processed.
   */
  around?(job: JobContext, next: () => Promise<unknown>): unknown;
  /** What it throws fails the job, which does not run then. */
  beforePerform?(job: JobContext): unknown;
  /** After success only. The job is processed, whatever it throws. */
  afterPerform?(job: JobContext): unknown;
  /** After each run that failed. `willRetry`: the job runs again; false: it goes to the failed list. */
  onFailure?(error: CaughtError, job: JobContext, info: { readonly willRetry: boolean }): unknown;
  /** After the last run that failed: the job goes to the failed list. */
  onExhausted?(error: CaughtError, job: JobContext): unknown;
  /** The job ends as processed without being done: it threw `Discard`, had expired, or was cancelled so. */
  onDiscard?(error: CaughtError, job: JobContext): unknown;
  /**
   * Before a job is enqueued by this process, now or for later. Returning false vetoes it: `enqueue` returns the status
   * `vetoed`. What it throws, `enqueue` rejects with; nothing is enqueued then.
   */
  beforeEnqueue?(job: EnqueuedJob): unknown;
  /** The job was enqueued, whatever it throws. Not called for a unique job that another one kept out. */
  afterEnqueue?(job: EnqueuedJob): unknown;
}

/** One, or several: the first one is the outermost. */
export type MiddlewareInput = Middleware | readonly Middleware[];

export type HookName = keyof Middleware;

/** A middleware, with the file or setting that it comes from. */
export interface Layer {
  readonly origin: string;
  readonly hooks: Middleware;
}
