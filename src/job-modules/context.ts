/** `this` inside a job. Holds three references; everything else is computed when it is read. Must not know Redis. */
import type { Logger } from 'pino';
import type { Run } from '../engine/run.js';
import type { DecodedPayload, JobContext } from '../job.js';

/** What all jobs of a worker share. */
export interface Surroundings {
  readonly workerId: (slot: number) => string;
  readonly log: Logger;
  readonly flags: JobContext['flags'];
}

export class RunContext implements JobContext {
  readonly #run: Run;
  readonly #job: DecodedPayload;
  readonly #surroundings: Surroundings;
  #log: Logger | undefined;

  constructor(run: Run, job: DecodedPayload, surroundings: Surroundings) {
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
}
