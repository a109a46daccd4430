/** The `this` of a job. It has three references; everything else is computed when it is read. Does not know Redis. */
import type { Logger } from 'pino';
import type { Run } from '../engine/run.js';
import type { ActiveJobInfo, JobContext, PastFailure } from '../job.js';
import type { RegisteredFunction } from './registry.js';
import { activeJobInfo, type ReadJob } from './wrapped.js';

/** The values that all jobs of a worker share. */
export interface Surroundings {
  /** The Resque worker id of a slot. */
  readonly workerId: (slot: number) => string;
  readonly log: Logger;
  /** The values of the flags that job modules define. */
  readonly flags: JobContext['flags'];
  /** The maximum number of runs for classes without retry options. */
  readonly attempts: number;
}

export class RunContext implements JobContext {
  readonly #run: Run;
  readonly #job: ReadJob;
  readonly #surroundings: Surroundings;
  readonly #registered: Pick<RegisteredFunction, 'retry' | 'decode'> | undefined;
  #log: Logger | undefined;

  /** @param registered undefined for a job whose class is not registered */
  constructor(
    run: Run,
    job: ReadJob,
    surroundings: Surroundings,
    registered: Pick<RegisteredFunction, 'retry' | 'decode'> | undefined,
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

  /** A class that expects it has it always: a job of any other producer has nothing in it. */
  get activeJob(): ActiveJobInfo | undefined {
    const hash = this.#job.activeJob ?? (this.#registered?.decode === undefined ? undefined : {});
    return hash && activeJobInfo(hash, this.attempt);
  }
}
