import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enqueuedAt } from '../../../src/inspect/enqueued.js';

const AT = Date.parse('2026-11-24T02:58:25.123Z');
const WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper';
const of = (payload: unknown) => enqueuedAt(Buffer.from(JSON.stringify(payload)));
/** Nanoseconds, as ActiveJob writes them. */
const wrapped = (times: object) => of({ class: WRAPPER, args: [{ job_class: 'Mail', arguments: [], ...times }] });

test('is the field beside class and args, in any of the usual forms', () => {
  for (const time of ['2026-11-24T02:58:25.123Z', '2026-11-24T05:58:25.123+03:00', AT, AT / 1000])
    expect(of({ class: 'A', args: [], enqueued_at: time })).toBeCloseTo(AT, 0);
  // php-resque: seconds, with their fraction.
  expect(of({ class: 'A', args: [{}], id: 'x', queue_time: AT / 1000 })).toBeCloseTo(AT, 0);
});

test("is ActiveJob's own, or the time for which that was scheduled", () => {
  expect(wrapped({ enqueued_at: '2026-11-24T02:58:25.123456789Z' })).toBe(AT);
  expect(wrapped({ enqueued_at: '2026-11-24T02:58:25.123456789Z', scheduled_at: null })).toBe(AT);
  expect(wrapped({ enqueued_at: '2026-11-24T01:00:00Z', scheduled_at: '2026-11-24T02:58:25.123Z' })).toBe(AT);
});

test.each([
  ['no such field', { class: 'A', args: [1] }],
  ['an argument that is called so', { class: 'A', args: [{ enqueued_at: '2026-11-24T02:58:25Z' }] }],
  ['an argument that says so', { class: 'A', args: ['"enqueued_at"'] }],
  ['null', { class: 'A', args: [], enqueued_at: null }],
  ['no time', { class: 'A', args: [], enqueued_at: 'yesterday' }],
  ['a negative number', { class: 'A', args: [], enqueued_at: -1 }],
  ['an empty wrapper', { class: WRAPPER, args: [], x: { enqueued_at: 1 } }],
  ['a list', [{ enqueued_at: 1 }]],
])('is not known where the payload has %s', (_what, payload) => {
  expect(of(payload)).toBeUndefined();
});

test('is not known of bytes that are no JSON, and never throws', () => {
  expect(enqueuedAt(Buffer.from('"enqueued_at": {'))).toBeUndefined();
  fc.assert(
    fc.property(fc.json(), fc.uint8Array(), (json, bytes) => {
      for (const payload of [
        Buffer.from(`{"enqueued_at":${json}}`),
        Buffer.concat([Buffer.from('"enqueued_at"'), bytes]),
      ]) {
        const at = enqueuedAt(payload);
        expect(at === undefined || Number.isFinite(at)).toBe(true);
      }
    }),
  );
});
