/** The class of the job itself, for every wrapper. */
import { expect, test } from 'vitest';
import { parseRecord } from '../../../src/resque/record.js';
import { ownClass, WRAPPER, wrappedJob } from '../../../src/resque/wrapper.js';

test.each([
  [{ class: 'Mail', args: [{ job_class: 'A' }] }, 'Mail'],
  [{ class: WRAPPER, args: [{ job_class: 'A' }] }, 'A'],
  [{ class: WRAPPER, args: [{ job_class: 7 }] }, WRAPPER],
  [{ class: WRAPPER, args: [] }, WRAPPER],
  [{ class: WRAPPER, args: [['A']] }, WRAPPER],
  [{ class: WRAPPER }, WRAPPER],
  [{ class: 7 }, ''],
  [{}, ''],
])('%j is of the class %j', (payload, name) => {
  expect(ownClass(payload)).toBe(name);
  const record = Buffer.from(`{"queue":"q","run_at":"","payload":${JSON.stringify(payload)}}`);
  expect(parseRecord(record)?.class).toBe(name);
});

test('only a hash in the wrapper is a job', () => {
  const hash = { job_class: 'A' };
  expect(wrappedJob({ class: WRAPPER, args: [hash, 1] })).toBe(hash);
  expect(wrappedJob({ class: 'Mail', args: [hash] })).toBeUndefined();
  for (const args of [[null], ['A'], [[hash]], hash]) expect(wrappedJob({ class: WRAPPER, args })).toBeUndefined();
});
