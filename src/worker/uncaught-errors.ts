/**
 * Uncaught errors. An error that belongs to a job fails that job, and the worker continues. After any other error the
 * state of the process is unknown, and the worker shuts down.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Perform } from '../engine/interfaces.js';
import type { Run } from '../engine/run.js';
import { asError, asJobError, type CaughtError } from '../thrown.js';

export interface UncaughtErrors {
  /** Runs a job such that the errors of everything it starts, awaited or not, can be assigned to it. */
  readonly perform: Perform;
  /** Runs an action as if the job did: its errors are assigned to the job. */
  within(run: Run, action: () => void): void;
  /** Removes the handlers. */
  release(): void;
}

export interface UncaughtErrorHandlers {
  /** An error of a job that has already ended. */
  onLate(run: Run, error: CaughtError): void;
  /** An error that belongs to no job. */
  onFault(error: CaughtError): void;
  /** The process exits while jobs may run. The exit code is set to 1. */
  onExit(): void;
}

export function catchUncaughtErrors(perform: Perform, handlers: UncaughtErrorHandlers): UncaughtErrors {
  const jobs = new AsyncLocalStorage<Run>();
  const handle = (thrown: unknown, run = jobs.getStore()) => {
    if (run === undefined) handlers.onFault(asError(thrown));
    else if (run.settled) handlers.onLate(run, asJobError(thrown));
    else run.fail(thrown);
  };
  // Overrides any exit code: a worker that exits while it works must be started again.
  const exiting = () => {
    handlers.onExit();
    process.exitCode = 1;
  };
  const uncaught = (thrown: unknown) => handle(thrown);
  process.on('exit', exiting);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const giveBack = catchMicrotasks(jobs, handle);
  return {
    perform: (run) => jobs.run(run, perform, run),
    within: (run, action) => jobs.run(run, action),
    release() {
      process.off('exit', exiting);
      process.off('uncaughtException', uncaught);
      process.off('unhandledRejection', uncaught);
      giveBack();
    },
  };
}

/**
 * Errors thrown in a microtask reach the process' handlers after Node has left the microtask's async context, so they
 * could not be assigned to a job. Microtasks that a job queues are therefore wrapped, and their errors caught there.
 */
function catchMicrotasks(jobs: AsyncLocalStorage<Run>, handle: (thrown: unknown, run: Run) => void): () => void {
  const original = globalThis.queueMicrotask;
  const caught = function queueMicrotask(callback: () => void): void {
    const run = jobs.getStore();
    const guarded = () => {
      try {
        callback();
      } catch (thrown) {
        handle(thrown, run as Run);
      }
    };
    original(run === undefined || typeof callback !== 'function' ? callback : guarded);
  };
  globalThis.queueMicrotask = caught;
  return () => {
    // Another wrapper may have been installed around this one.
    if (globalThis.queueMicrotask === caught) globalThis.queueMicrotask = original;
  };
}
