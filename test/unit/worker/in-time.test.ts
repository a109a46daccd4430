/** Waiting for something that may never end. */
import { expect, test } from 'vitest';
import { inTime } from '../../../src/worker/in-time.js';

const never = new Promise<never>(() => {});

test('what ends is waited for, also when nothing else is', async () => {
  const over = new AbortController();
  expect(await inTime(Promise.resolve(), over.signal)).toBe(true);
  over.abort();
  expect(await inTime(Promise.resolve(), over.signal, 10_000)).toBe(true);
});

test('what does not end is waited for until nothing is, and no longer', async () => {
  const over = new AbortController();
  const waiting = inTime(never, over.signal);
  over.abort();
  expect(await waiting).toBe(false);
  expect(await inTime(never, over.signal, 1)).toBe(false);
});

test('what fails in time fails here; what fails later is no unhandled rejection', async () => {
  const over = new AbortController();
  await expect(inTime(Promise.reject(new Error('no')), over.signal)).rejects.toThrow('no');
  let fail = (_error: Error) => {};
  const late = new Promise((_, reject) => {
    fail = reject;
  });
  over.abort();
  expect(await inTime(late, over.signal)).toBe(false);
  fail(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
});
