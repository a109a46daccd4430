/**
 * The slot for whatever sends the jobs of `job().enqueue()`. The library fills it; this folder knows no Redis.
 *
 * It lives on globalThis: a job module may import a copy of the package that is not the one that runs it (npx's cache
 * and the project's node_modules), and its `enqueue` must reach the copy that has the connection.
 */
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import type { Due } from '../resque/due.js';
import type { Unique } from '../resque/unique.js';

/** A job on its way to Redis. */
export interface OutgoingJob {
  readonly queue: string;
  readonly class: string;
  readonly args: readonly unknown[];
  /** Seconds: see NewJob. */
  readonly expiresIn?: number | undefined;
  readonly unique?: Unique<never> | undefined;
  /** Now where absent. */
  readonly due?: Due | undefined;
}

/** Resolves with what came of the job, once Redis has it. */
export type SendJob = (job: OutgoingJob) => Promise<EnqueueResult>;

const SLOT = Symbol.for('tsworker.sender');
const shared = globalThis as typeof globalThis & { [SLOT]?: SendJob | undefined };

/** Sets what sends jobs, or takes it away with `undefined`. */
export function setSender(send: SendJob | undefined): void {
  shared[SLOT] = send;
}

/** Sets what sends jobs unless something else is set already: a second copy of the package must not take over. */
export function setDefaultSender(send: SendJob): void {
  shared[SLOT] ??= send;
}

/**
 * What sends jobs.
 * @throws TsworkerError STATE where nothing was set
 */
export function sender(): SendJob {
  const send = shared[SLOT];
  if (send !== undefined) return send;
  throw new TsworkerError('STATE', 'no Redis to enqueue to', {
    hint: "Call init() or work() of 'tsworker' first.",
  });
}
