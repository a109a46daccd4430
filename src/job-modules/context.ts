/** `this` inside a job. Holds three references; everything else is computed when it is read. Must not know Redis. */
import type { Logger } from 'pino';
import type { Run } from '../engine/run.js';
import type { DecodedPayload, JobContext, PastFailure } from '../job.js';
import type { RegisteredFunction } from './registry.js';

/** What all jobs of a worker share. */
export interface Surroundings {
  /** The Resque worker id of a slot. */
  readonly workerId: (slot: number) => string;
  readonly log: Logger;
  /** The values of the modules' own flags. */
  readonly flags: JobContext['flags'];
  /** How often jobs run at most whose class has no retry options of its own. */
  readonly attempts: number;
}

export class RunContext implements JobContext {
  readonly #run: Run;
  readonly #job: DecodedPayload;
  readonly #surroundings: Surroundings;
  readonly #registered: Pick<RegisteredFunction, 'retry'> | undefined;
  #log: Logger | undefined;

  /** @param registered absent for a job whose class nobody registered */
  constructor(
    run: Run,
    job: DecodedPayload,
    surroundings: Surroundings,
    registered: Pick<RegisteredFunction, 'retry'> | undefined,
  ) {
    this.#registered = registered;
    this.#run = run;
    this.#job = job;
    this.#surroundings = surroundings;
  }

  get queue(): string {
    return this.#run.claim.queue;
  }

  get class(): string {
    return this.#job.class;
  }

  get args(): readonly unknown[] {
    return this.#job.args;
  }

  get payload(): string {
    return this.#run.claim.payload.toString();
  }

  get workerId(): string {
    return this.#surroundings.workerId(this.#run.claim.slot);
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get log(): Logger {
    this.#log ??= this.#surroundings.log.child({ queue: this.queue, class: this.class, worker: this.workerId });
    return this.#log;
  }

  get flags(): JobContext['flags'] {
    return this.#surroundings.flags;
  }

  get attempt(): number {
    return this.#run.claim.retry?.attempt ?? 1;
  }

  get attempts(): number {
    return this.#registered?.retry?.attempts ?? this.#surroundings.attempts;
  }

  get failures(): readonly PastFailure[] {
    return this.#run.claim.retry?.errors ?? [];
  }
}
