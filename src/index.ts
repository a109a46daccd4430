/** The public surface: re-exports only. */

export * from './active-job/public.js';
export type { ClassOptions } from './class-options.js';
export { defineConfig, type UserConfig } from './config/define.js';
export { type ErrorCode, TsworkerError } from './errors.js';
export type {
  ActiveJobInfo,
  DecodedPayload,
  Decoder,
  EnqueueResult,
  FlagOptions,
  FlagValues,
  JobContext,
  JobFunction,
  PastFailure,
  SetupContext,
} from './job.js';
export { type ActiveJob, type ActiveJobContext, activeJob } from './job-modules/active-job.js';
export {
  type EnqueuedActiveJob,
  enqueueActiveJob,
  type NewActiveJob,
} from './job-modules/enqueue-active-job.js';
export { defineFlags } from './job-modules/flags.js';
export { register, registerDecoder } from './job-modules/global-registrations.js';
export { job } from './job-modules/job.js';
export { defineMiddleware } from './job-modules/middleware.js';
export type { Retry, RetryFailure, RetryMatch } from './job-modules/retry-policy.js';
export { Cancel, Discard, RetryIn } from './job-modules/verdicts.js';
export { type CancelResult, cancelJob } from './library/cancel.js';
export {
  cancelDelayed,
  type DelayedEntry,
  type DelayedMatch,
  delayed,
  enqueueAt,
  enqueueIn,
} from './library/delayed.js';
export { namespace, setSettings, signals, work } from './library/library.js';
export { isQueuePaused, pauseQueue, resumeQueue } from './library/queue-pause.js';
export { deleteJobs, moveJobs, type QueuedMatch } from './library/queued.js';
export type { EnqueuedJob, Middleware, MiddlewareInput } from './middleware.js';
export { close, init } from './program/connection.js';
export { enqueue } from './program/enqueue.js';
export type { WorkSettings } from './program/state.js';
export type { NewJob } from './resque/enqueue.js';
export type { Unique } from './resque/unique.js';
export type { JobMessage } from './tracing/channel.js';
export type { WorkResult } from './worker/types.js';
