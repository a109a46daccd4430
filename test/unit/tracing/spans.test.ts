/** Spans of jobs, with the real SDK. */
import { context, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Run } from '../../../src/engine/run.js';
import type { Outcome } from '../../../src/job.js';
import { asError } from '../../../src/thrown.js';
import { watchJobs } from '../../../src/tracing/watch.js';
import { testRun } from '../../support/runs.js';
import { registerTracer } from '../../support/spans.js';
import { unreadable } from '../../support/unreadable.js';

const tracer = registerTracer();
beforeEach(() => tracer.reset());

const refused: string[] = [];
const watch = await watchJobs(
  (slot) => `host.ts:1-${slot}:q`,
  (reason) => refused.push(reason),
);

const PRODUCER: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
};
const TRACEPARENT = `00-${PRODUCER.traceId}-${PRODUCER.spanId}-01`;

/** As the engine does it: the function's call, then its outcome. */
async function run(payload: unknown, job: () => unknown, outcome?: Outcome): Promise<Run> {
  const one = testRun(payload);
  expect(watch.watches).toBe(true);
  try {
    await watch.around(one, job);
    watch.finished(one, outcome ?? { kind: 'done' });
  } catch (error) {
    watch.finished(one, outcome ?? { kind: 'failed', error: asError(error) });
  }
  return one;
}

describe('a span', () => {
  test('follows the messaging conventions', async () => {
    await run({ class: 'Mail', args: [] }, () => {});
    const span = tracer.named('process q');
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.attributes).toEqual({
      'messaging.system': 'resque',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'q',
      'messaging.client.id': 'host.ts:1-0:q',
      'messaging.message.body.size': 26,
      'messaging.resque.job_class': 'Mail',
      'tsworker.outcome': 'done',
    });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect([span.links, span.parentSpanContext]).toEqual([[], undefined]);
    expect(span.instrumentationScope.name).toBe('tsworker');
  });

  test('is linked to where the job was enqueued, in a trace of its own', async () => {
    await run({ class: 'Mail', args: [], traceparent: TRACEPARENT, tracestate: 'a=b' }, () => {});
    const span = tracer.named('process q');
    expect(span.links.map((link) => link.context)).toMatchObject([PRODUCER]);
    expect(span.links[0].context.traceState?.get('a')).toBe('b');
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(PRODUCER.traceId);
  });

  test('is the parent of what the job begins, also later, and beside other jobs', async () => {
    const job = (name: string) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      trace.getTracer('user').startSpan(name).end();
    };
    await Promise.all([run({ class: 'A' }, job('inner a')), run({ class: 'B' }, job('inner b'))]);
    for (const [inner, name] of [
      ['inner a', 'A'],
      ['inner b', 'B'],
    ]) {
      const outer = tracer.ended.find((span) => span.attributes['messaging.resque.job_class'] === name);
      expect(tracer.named(inner).parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    }
  });

  test('begins a trace of its own also where work() was called within a span', async () => {
    const outer = trace.getTracer('user').startSpan('outer');
    await context.with(trace.setSpan(context.active(), outer), () => run({ class: 'Mail' }, () => {}));
    expect(tracer.named('process q').parentSpanContext).toBeUndefined();
  });

  test('of a failed job has its exception', async () => {
    const error = new TypeError('boom');
    await run({ class: 'Mail' }, () => Promise.reject(error));
    const span = tracer.named('process q');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'boom' });
    expect(span.attributes).toMatchObject({ 'error.type': 'TypeError', 'tsworker.outcome': 'failed' });
    const [exception] = span.events;
    expect(exception.name).toBe('exception');
    expect(exception.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'boom' });
    expect(exception.attributes?.['exception.stacktrace']).toContain('spans.test.ts');
  });

  test('of a job that threw at once, and of one that was put back', async () => {
    await run({ class: 'Mail' }, () => {
      throw new Error('at once');
    });
    await run({ class: 'Mail' }, () => {}, { kind: 'requeue' });
    const [thrown, requeued] = tracer.ended;
    expect(thrown.status).toMatchObject({ message: 'at once' });
    expect(requeued.attributes['tsworker.outcome']).toBe('requeued');
    expect(requeued.status.code).toBe(SpanStatusCode.UNSET);
  });
});

test.each([
  ['no JSON', Buffer.from(`"traceparent" ${TRACEPARENT}`)],
  ['no object', Buffer.from('["traceparent"]')],
  ['no UTF-8', Buffer.from([0xff, 0xfe])],
  ['a number for a context', { class: 'A', traceparent: 5 }],
  ['nonsense for a context', { class: 'A', traceparent: 'nonsense' }],
  ['a context among its arguments', { class: 'A', args: [{ traceparent: TRACEPARENT }] }],
])('a payload with %s has a span without a link', async (_what, payload) => {
  await run(payload, () => {});
  expect(tracer.named('process q').links).toEqual([]);
});

test.each(Object.entries(unreadable))('what cannot be read (%s) ends the span', async (_kind, make) => {
  await run({ class: 'Mail' }, () => {}, { kind: 'failed', error: asError(make()) });
  expect(tracer.named('process q').ended).toBe(true);
});

test('an SDK of an older API is told of, and there are no spans', async () => {
  const mark = Symbol.for('opentelemetry.js.api.1');
  const shared = globalThis as { [mark]?: object };
  const real = shared[mark];
  try {
    shared[mark] = { version: '1.0.0', trace: {} };
    const blind = await watchJobs(String, (reason) => refused.push(reason));
    expect(blind.watches).toBe(false);
    expect(refused).toEqual([expect.stringContaining('came with @opentelemetry/api 1.0.0')]);
  } finally {
    shared[mark] = real;
  }
});
