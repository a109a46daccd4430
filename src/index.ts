/** The public surface: re-exports only. */
export { defineConfig, type UserConfig } from './config/define.js';
export type { WorkResult } from './contract.js';
export { type ErrorCode, TsworkerError } from './errors.js';
export { register, registerDecoder } from './functions/ambient.js';
export { job } from './functions/job.js';
export type {
  DecodedPayload,
  Decoder,
  FlagOptions,
  FlagValues,
  JobContext,
  JobFunction,
  SetupContext,
} from './job.js';
export {
  close,
  enqueue,
  init,
  namespace,
  setSettings,
  signals,
  type WorkSettings,
  work,
} from './library.js';
export type { NewJob } from './resque/enqueue.js';
export type { JobMessage } from './tracing/channel.js';
