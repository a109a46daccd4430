/**
 * Errors that nobody caught. Where one can be tied to a job, that job fails with it and the worker lives on; where it
 * cannot, nothing is known of the process any more, and it stops in order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Perform } from '../engine/interfaces.js';
import type { Run } from '../engine/run.js';
import { asError, asJobError, type CaughtError } from '../thrown.js';

export interface UncaughtErrors {
  /** Runs a job so that what it starts and never awaits can be tied to it. */
  readonly perform: Perform;
  /** Takes the handlers off again. */
  release(): void;
}

export interface UncaughtErrorHandlers {
  /** An error of a job that had ended already. */
  onLate(run: Run, error: CaughtError): void;
  /** An error that belongs to no job. */
  onFault(error: CaughtError): void;
  /** Something ends the process while jobs may run. The exit code is made 1. */
  onExit(): void;
}

export function catchUncaughtErrors(perform: Perform, handlers: UncaughtErrorHandlers): UncaughtErrors {
  const jobs = new AsyncLocalStorage<Run>();
  const handle = (thrown: unknown, run = jobs.getStore()) => {
    if (run === undefined) handlers.onFault(asError(thrown));
    else if (run.settled) handlers.onLate(run, asJobError(thrown));
    else run.fail(thrown);
  };
  // Whatever code was given: a worker that ends in the middle of its work must be started again.
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
    release() {
      process.off('exit', exiting);
      process.off('uncaughtException', uncaught);
      process.off('unhandledRejection', uncaught);
      giveBack();
    },
  };
}

/**
 * What a microtask throws arrives at the handlers of the process after Node has left the microtask's context: it could be
 * tied to no job. So those that a job queues are caught where they run.
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
    // Somebody may have put another one around ours.
    if (globalThis.queueMicrotask === caught) globalThis.queueMicrotask = original;
  };
}
