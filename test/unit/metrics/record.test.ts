import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineEvents } from '../../../src/engine/events.js';
import type { Outcome } from '../../../src/job.js';
import { WAIT_BOUNDS } from '../../../src/metrics/families.js';
import { Recorder } from '../../../src/metrics/record.js';
import { asError } from '../../../src/thrown.js';
import { testRun } from '../../support/runs.js';

const DONE: Outcome = { kind: 'done' };
const FAILED: Outcome = { kind: 'failed', error: asError(new Error('no')) };
const REQUEUE: Outcome = { kind: 'requeue' };

function recorder(classes = ['Mail', 'Report']) {
  const recorded = new Recorder();
  const events = new EngineEvents((error) => {
    throw error;
  });
  recorded.listen(events, { classes, slots: 3, busy: () => 2 });
  return { recorded, events };
}

describe('outcomes', () => {
  test('count when Redis has them, and not before', () => {
    const { recorded, events } = recorder();
    const [a, b, c] = [0, 1, 2].map((slot) => testRun({ class: 'Mail' }, { slot }));
    events.emit('finished', a, DONE);
    events.emit('finished', b, FAILED);
    events.emit('finished', c, REQUEUE);
    expect(recorded.drain().jobs).toEqual([]);
    events.emit('acked', a.claim, DONE);
    events.emit('acked', b.claim, FAILED);
    events.emit('acked', c.claim, REQUEUE);
    const [job, ...others] = recorded.drain().jobs;
    expect(others).toEqual([]);
    expect(job).toMatchObject({ queue: 'q', class: 'Mail', done: 1, failed: 1, requeued: 1 });
    // What was put back did not end.
    expect(job.duration?.buckets.reduce((sum, n) => sum + n)).toBe(2);
    expect(recorded.drain().jobs).toEqual([]);
  });

  test('count once, also when a slot is used again and again', () => {
    const { recorded, events } = recorder();
    for (let n = 0; n < 5; n++) {
      const run = testRun({ class: 'Mail' });
      events.emit('finished', run, DONE);
      events.emit('acked', run.claim, DONE);
      events.emit('acked', run.claim, DONE);
    }
    expect(recorded.drain().jobs).toMatchObject([{ done: 5 }]);
  });

  test('of a worker that was taken for dead count as fenced alone', () => {
    const { recorded, events } = recorder();
    const run = testRun({ class: 'Mail' });
    events.emit('finished', run, DONE);
    events.emit('fenced', run.claim, DONE);
    events.emit('acked', run.claim, DONE);
    expect(recorded.drain()).toMatchObject({ fenced: 1, jobs: [] });
  });

  test('of a claim that was handed back unrun are none', () => {
    const { recorded, events } = recorder();
    events.emit('acked', testRun({ class: 'Mail' }).claim, DONE);
    expect(recorded.drain().jobs).toEqual([]);
  });

  test('of whatever class a payload names make no more series than there are classes, and one', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (names) => {
        const { recorded, events } = recorder();
        for (const name of [...names, 'Mail', 'constructor', '__proto__', '']) {
          const run = testRun({ class: name });
          events.emit('finished', run, DONE);
          events.emit('acked', run.claim, DONE);
        }
        const classes = recorded.drain().jobs.map((job) => job.class);
        expect(new Set(classes).size).toBe(classes.length);
        for (const name of classes) expect(['Mail', 'Report', 'unknown']).toContain(name);
      }),
    );
  });
});

test('durations and waits fall into their buckets; waits only where the payload says when', () => {
  const { recorded, events } = recorder();
  const enqueued = (agoMs: number) => ({
    class: 'Mail',
    args: [],
    enqueued_at: new Date(Date.now() - agoMs).toISOString(),
  });
  const payloads = [{ class: 'Mail' }, enqueued(2000), enqueued(2000), enqueued(-5000), enqueued(100_000_000)];
  for (const payload of payloads) {
    const run = testRun(payload);
    events.emit('finished', run, DONE);
    events.emit('acked', run.claim, DONE);
  }
  const [{ queue, wait }] = recorded.drain().waits;
  expect(queue).toBe('q');
  const counted = Object.fromEntries(wait.buckets.map((n, i) => [WAIT_BOUNDS[i] ?? 'above', n]).filter(([, n]) => n));
  // The clock that wrote the third was ahead of ours.
  expect(counted).toEqual({ 0.005: 1, 5: 2, above: 1 });
  expect(wait.sum).toBeGreaterThanOrEqual(100_004);
});

test('a producer that begins to write times is noticed after few jobs, however many had none before', () => {
  const { recorded, events } = recorder();
  const run = (payload: object) => {
    const one = testRun(payload);
    events.emit('finished', one, DONE);
    events.emit('acked', one.claim, DONE);
  };
  for (let n = 0; n < 1000; n++) run({ class: 'Mail' });
  for (let n = 0; n < 100; n++) run({ class: 'Mail', enqueued_at: Date.now() });
  const seen = recorded.drain().waits[0].wait.buckets.reduce((sum, n) => sum + n);
  expect(seen).toBeGreaterThan(80);
  // From then on none is left out.
  for (let n = 0; n < 100; n++) run({ class: 'Mail', enqueued_at: Date.now() });
  expect(recorded.drain().waits[0].wait.buckets.reduce((sum, n) => sum + n)).toBe(100);
});

test('counts calls, and tells how things stand', () => {
  const { recorded, events } = recorder();
  events.emit('called', 3, 2);
  events.emit('called', 1, 0);
  // Finishes alone, while stopping: no claim that came back empty.
  events.emit('called', 0, 0);
  recorded.reconnected();
  recorded.lag.observe(0.2);
  expect(recorded.drain()).toMatchObject({
    claimCalls: 3,
    emptyClaims: 1,
    reconnects: 1,
    slots: 3,
    busy: 2,
    lag: { sum: 0.2 },
  });
  const { rssBytes, ...rest } = recorded.drain();
  expect(rssBytes).toBeGreaterThan(1e6);
  expect(rest).toMatchObject({ claimCalls: 0, emptyClaims: 0, reconnects: 0, lag: undefined });
});
