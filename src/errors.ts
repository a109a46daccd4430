/** Every error that tsworker raises on purpose: what was wrong, and what would be right. Imports nothing. */

export type ErrorCode =
  /** Flags, environment or configuration are wrong: the CLI exits with 2. */
  | 'USAGE'
  /** Redis cannot be reached, refuses us, or lacks what we need: the CLI exits with 1. */
  | 'REDIS'
  /** Job modules do not load or contradict each other: the CLI exits with 1. */
  | 'JOBS'
  /** The address of -http cannot be used: the CLI exits with 1. */
  | 'HTTP'
  /** A payload that no job function can be called with: the job fails, the worker goes on. */
  | 'PAYLOAD'
  /** A unique job with `onConflict: 'error'` was kept out by another job. */
  | 'CONFLICT'
  /** What was asked for cannot be done as things are: a worker runs already, there is no such queue. */
  | 'STATE';

/**
 * An error with a message that says what was wrong, and a hint that says what would be right.
 * Messages never hold a password.
 */
export class TsworkerError extends Error {
  override readonly name: string = 'TsworkerError';
  readonly code: ErrorCode;
  /** What to try, in one sentence; absent where the message already says it. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
