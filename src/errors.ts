/** The errors that tsworker throws on purpose: what is wrong, and what would be right. Imports nothing. */

export type ErrorCode =
  /** Flags, environment or configuration are wrong: the CLI exits with 2. */
  | 'USAGE'
  /** Redis cannot be reached, rejects the connection, or lacks a feature that is required: the CLI exits with 1. */
  | 'REDIS'
  /** Job modules do not load, or two of them register the same class: the CLI exits with 1. */
  | 'JOBS'
  /** The address of -http cannot be used: the CLI exits with 1. */
  | 'HTTP'
  /** A payload that no job function can be called with: the job fails, the worker continues. */
  | 'PAYLOAD'
  /** A unique job with `onConflict: 'error'` was kept out by another job. */
  | 'CONFLICT'
  /** The request is valid and not possible now: a worker runs already, there is no such queue. */
  | 'STATE';

/**
 * An error with a message that says what was wrong, and a hint that says what would be right.
 * Messages never contain a password.
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
