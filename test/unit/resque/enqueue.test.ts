/** The valid arguments of enqueue: nothing that would be ignored, or that no worker could process. */
import { expect, test } from 'vitest';
import { job } from '../../../src/job-modules/job.js';
import { checkNewJob } from '../../../src/resque/enqueue.js';

test.each([
  [{ queue: 'a', class: 'X' }],
  [{ queue: 'a b:c*', class: 'X', args: [] }],
  [Object.freeze({ queue: 'a', class: 'Reports::Daily', args: [1n, undefined] })],
])('%o is a job', (given) => {
  expect(() => checkNewJob(given)).not.toThrow();
});

test.each([
  [undefined, /enqueue takes jobs: \{ queue, class, args \}/],
  ['X', /enqueue takes jobs/],
  [[], /enqueue takes jobs/],
  [{ queue: 'a' }, /the job has no class/],
  [{ queue: 'a', class: '' }, /the job has no class/],
  [{ class: 'X' }, /enqueue of X: the queue undefined cannot be used: it must be a text/],
  [{ class: 'X', queue: '' }, /the queue "" cannot be used: it has no name/],
  [{ class: 'X', queue: 'a,b' }, /the queue "a,b" cannot be used: a comma separates queues/],
  [{ class: 'X', queue: ' a' }, /the queue " a" cannot be used: it begins or ends with a blank/],
  [{ class: 'X', queue: 'a', args: 'one' }, /enqueue of X: args must be a list/],
  [{ class: 'X', queue: 'a', delay: 5 }, /enqueue of X: a job has no "delay"/],
])('%o is refused', (given, message) => {
  expect(() => checkNewJob(given)).toThrow(message);
  expect(() => checkNewJob(given)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('a typed job is not even defined with such a queue', () => {
  expect(() => job({ class: 'X', queue: 'a,b', perform: () => 1 })).toThrow(
    'job() of X: the queue "a,b" cannot be used',
  );
});
