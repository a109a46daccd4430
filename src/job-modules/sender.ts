/**
 * Holds the function that enqueues the jobs of `job().enqueue()`. The library sets it; this folder does not know Redis.
 *
 * It is stored on globalThis: a job module may import another copy of the package than the one that runs it (npx's cache
 * and the project's node_modules), and its `enqueue` must use the copy that has the connection.
 */
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import type { Due } from '../resque/due.js';
import type { Unique } from '../resque/unique.js';

/** A job to enqueue. */
export interface OutgoingJob {
  readonly queue: string;
  readonly class: string;
  readonly args: readonly unknown[];
  /** Seconds: see NewJob. */
  readonly expiresIn?: number | undefined;
  readonly unique?: Unique<never> | undefined;
  /** Default: now. */
  readonly due?: Due | undefined;
}

/** Resolves with the result when Redis has the job. */
export type SendJob = (job: OutgoingJob) => Promise<EnqueueResult>;

const SLOT = Symbol.for('tsworker.sender');
const shared = globalThis as typeof globalThis & { [SLOT]?: SendJob | undefined };

/** Sets the sender; undefined removes it. */
export function setSender(send: SendJob | undefined): void {
  shared[SLOT] = send;
}

/** Sets the sender if there is none: a second copy of the package must not replace it. */
export function setDefaultSender(send: SendJob): void {
  shared[SLOT] ??= send;
}

/**
 * The sender.
 * @throws TsworkerError STATE if there is none
 */
export function sender(): SendJob {
  const send = shared[SLOT];
  if (send !== undefined) return send;
  throw new TsworkerError('STATE', 'no Redis to enqueue to', {
    hint: "Call init() or work() of 'tsworker' first.",
  });
}
