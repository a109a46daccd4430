/** Uncaught errors: which job they are attributed to, and what remains on the process afterwards. */
import { AsyncResource } from 'node:async_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Run } from '../../../src/engine/run.js';
import type { Outcome } from '../../../src/job.js';
import { catchUncaughtErrors } from '../../../src/worker/uncaught-errors.js';

const EVENTS = ['uncaughtException', 'unhandledRejection', 'exit'] as const;
type Listener = (...args: unknown[]) => void;
const emitter = process as NodeJS.EventEmitter;
const listeners = () => EVENTS.map((event) => emitter.listeners(event) as Listener[]);

// Those of the test runner would take what is played here for a failure of ours.
let others: Listener[][] = [];
beforeEach(() => {
  others = listeners();
  EVENTS.forEach((event, i) => {
    for (const listener of others[i]) emitter.off(event, listener);
  });
});
afterEach(() => {
  EVENTS.forEach((event, i) => {
    for (const listener of others[i]) emitter.on(event, listener);
  });
  process.exitCode = undefined;
});

function catching() {
  const told: string[] = [];
  const outcomes: Outcome[] = [];
  let inside = (_act: () => void) => {};
  const caught = catchUncaughtErrors(
    () => {
      // Whatever the job starts runs in its context.
      const resource = new AsyncResource('job');
      inside = (act) => resource.runInAsyncScope(act);
      return new Promise(() => {});
    },
    {
      onLate: (run, error) => void told.push(`late ${run.class} ${error.message}`),
      onFault: (error) => void told.push(`fault ${error.message}`),
      onExit: () => void told.push('exit'),
    },
  );
  const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from('{}'), strict: true };
  const run = new Run(claim as never, 1, (_run, outcome) => void outcomes.push(outcome));
  run.class = 'J';
  run.perform(caught.perform);
  return { told, outcomes, run, release: caught.release, inside: (act: () => void) => inside(act) };
}

test.each(['uncaughtException', 'unhandledRejection'])('%s within a job fails that job, once', (event) => {
  const { told, outcomes, inside, release } = catching();
  inside(() => emitter.emit(event, new Error('first')));
  expect(outcomes).toMatchObject([{ kind: 'failed', error: { message: 'first' } }]);
  inside(() => emitter.emit(event, new Error('second')));
  expect(told).toEqual(['late J second']);
  release();
});

test.each([
  ['an Error', new Error('no'), 'no'],
  ['a text', 'no', 'no'],
  ['nothing', undefined, 'thrown: undefined'],
])('%s outside of a job belongs to none', (_title, thrown, message) => {
  const { told, outcomes, release } = catching();
  emitter.emit('uncaughtException', thrown);
  expect(told).toEqual([`fault ${message}`]);
  expect(outcomes).toEqual([]);
  release();
});

test('an exit of the process is told, and its code is 1', () => {
  const { told, release } = catching();
  emitter.emit('exit', 0);
  expect(told).toEqual(['exit']);
  expect(process.exitCode).toBe(1);
  release();
});

test('released, nothing of it is left on the process', () => {
  const microtask = globalThis.queueMicrotask;
  const { release } = catching();
  expect(listeners().map(({ length }) => length)).toEqual([1, 1, 1]);
  release();
  expect(listeners().map(({ length }) => length)).toEqual([0, 0, 0]);
  expect(globalThis.queueMicrotask).toBe(microtask);
});
