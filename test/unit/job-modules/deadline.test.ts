/** The time limit of a job, also in a process that was suspended. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Run } from '../../../src/engine/run.js';
import { limit } from '../../../src/job-modules/deadline.js';
import { until } from '../../support/until.js';

function fakeRun() {
  const expired: Error[] = [];
  let end = () => {};
  const run = {
    expire: (error: Error) => expired.push(error),
    onEnd: (callback: () => void) => {
      end = callback;
    },
  };
  return { run: run as unknown as Run, expired, end: () => end() };
}

/** As when the process is suspended: no timer fires, and nothing is read. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('a job that takes too long expires', async () => {
  const { run, expired } = fakeRun();
  limit(run, 20);
  await until(() => expired.length > 0);
  expect(expired[0]).toMatchObject({ name: 'TimeoutError', message: 'the job did not end within 0.02 s' });
});

test('after the process stood still a job may still end', async () => {
  const { run, expired, end } = fakeRun();
  limit(run, 200);
  standStill(900);
  await turn();
  await turn();
  expect(expired).toEqual([]);
  end();
});

test('and expires where it does not', async () => {
  const { run, expired } = fakeRun();
  limit(run, 50);
  standStill(700);
  await until(() => expired.length > 0);
  expect(expired).toHaveLength(1);
});

test('a job that has ended does not expire', async () => {
  const { run, expired, end } = fakeRun();
  limit(run, 10);
  end();
  const { run: other, expired: marker } = fakeRun();
  limit(other, 30);
  await until(() => marker.length > 0);
  expect(expired).toEqual([]);
});
