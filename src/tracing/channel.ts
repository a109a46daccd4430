/**
 * The diagnostics channels `tracing:tsworker:job:*`, for job events without OpenTelemetry. They cost
 * nothing while nobody subscribes.
 */
import { tracingChannel } from 'node:diagnostics_channel';
import type { Run } from '../engine/run.js';
import type { Outcome } from '../job.js';
import { type OutcomeName, outcomeName } from './conventions.js';

/** The message of all channels: one object for each job, which gets more fields as the job proceeds. Subscribers may store
 * their own data on it. */
export interface JobMessage {
  readonly queue: string;
  /** The class in the payload; '' if it cannot be read. */
  readonly class: string;
  /** The payload's text as the producer pushed it. */
  readonly payload: string;
  /** The id of the Resque worker that runs the job. */
  readonly workerId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From `asyncStart` on. retried: it failed, and runs again. requeued: it was returned to its queue. */
  readonly outcome?: OutcomeName;
  /** The error of a job that failed, from `error` on. */
  readonly error?: Error;
}

class Message implements JobMessage {
  readonly #run: Run;
  readonly workerId: string;
  outcome?: JobMessage['outcome'];
  error?: Error;

  constructor(run: Run, workerId: string) {
    this.#run = run;
    this.workerId = workerId;
  }

  get queue(): string {
    return this.#run.claim.queue;
  }

  get class(): string {
    return this.#run.class;
  }

  get payload(): string {
    return this.#run.claim.payload.toString();
  }

  get startedAt(): number {
    return this.#run.startedAt;
  }
}

export class JobChannel {
  readonly #channel = tracingChannel<unknown, Message>('tsworker:job');
  readonly #workerId: (slot: number) => string;
  readonly #open = new Map<Run, Message>();

  constructor(workerId: (slot: number) => string) {
    this.#workerId = workerId;
  }

  /** Whether anybody subscribes. */
  get watched(): boolean {
    const { start, end, asyncStart, asyncEnd, error } = this.#channel;
    if (start.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers) return true;
    return end.hasSubscribers || asyncStart.hasSubscribers;
  }

  around(run: Run, job: () => unknown): unknown {
    const message = new Message(run, this.#workerId(run.claim.slot));
    this.#open.set(run, message);
    const { start, end } = this.#channel;
    // Stores bound to `start` are active in the job and in everything that it starts.
    return start.runStores(message, () => {
      try {
        return job();
      } finally {
        end.publish(message);
      }
    });
  }

  /** Once for each job, also for one that threw synchronously, as Node's tracePromise does. */
  finished(run: Run, outcome: Outcome): void {
    if (this.#open.size === 0) return;
    const message = this.#open.get(run);
    if (message === undefined) return;
    this.#open.delete(run);
    const { asyncStart, asyncEnd, error } = this.#channel;
    message.outcome = outcomeName(outcome);
    if (outcome.kind === 'failed' || outcome.kind === 'retry') {
      message.error = outcome.error;
      error.publish(message);
    }
    asyncStart.publish(message);
    asyncEnd.publish(message);
  }
}
