/**
 * Errors that nobody caught. Where one can be tied to a job, that job fails with it and the worker lives on; where it
 * cannot, nothing is known of the process any more, and it stops in order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Perform } from '../engine/interfaces.js';
import type { Run } from '../engine/run.js';
import { asError } from '../errors.js';

export interface Faults {
  /** Runs a job so that what it starts and never awaits can be tied to it. */
  readonly perform: Perform;
  /** Takes the handlers off again. */
  release(): void;
}

export interface FaultHandlers {
  /** An error of a job that had ended already. */
  onLate(run: Run, error: Error): void;
  /** An error that belongs to no job. */
  onFault(error: Error): void;
  /** Something ends the process while jobs may run. The exit code is made 1. */
  onExit(): void;
}

export function catchFaults(perform: Perform, handlers: FaultHandlers): Faults {
  const jobs = new AsyncLocalStorage<Run>();
  const handle = (thrown: unknown) => {
    const run = jobs.getStore();
    if (run === undefined) handlers.onFault(asError(thrown));
    else if (run.settled) handlers.onLate(run, asError(thrown));
    else run.fail(thrown);
  };
  // Whatever code was given: a worker that ends in the middle of its work must be started again.
  const exiting = () => {
    handlers.onExit();
    process.exitCode = 1;
  };
  process.on('exit', exiting);
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
  return {
    perform: (run) => jobs.run(run, perform, run),
    release() {
      process.off('exit', exiting);
      process.off('uncaughtException', handle);
      process.off('unhandledRejection', handle);
    },
  };
}
