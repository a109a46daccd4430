/** The span of an enqueued job, and its trace context in the payload. With the real SDK. */
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, expect, test } from 'vitest';
import { encodePayload } from '../../../src/resque/codec.js';
import { sendTraced } from '../../../src/tracing/send.js';
import { registerTracer } from '../../support/spans.js';

const tracer = registerTracer();
beforeEach(() => tracer.reset());

const JOB = { queue: 'mail', class: 'Mail', args: [1] };

/** Sends, and returns the fields that would be in each payload. */
async function sent(jobs: Parameters<typeof sendTraced>[0]): Promise<Readonly<Record<string, string>>> {
  let fields: Readonly<Record<string, string>> = {};
  await sendTraced(jobs, async (given) => {
    fields = given;
  });
  return fields;
}

test('one job: a producer span below what is active, and its context in the payload', async () => {
  const outer = trace.getTracer('user').startSpan('request');
  const fields = await context.with(trace.setSpan(context.active(), outer), () => sent([JOB]));
  const span = tracer.named('send mail');
  const { traceId, spanId } = span.spanContext();
  expect(fields).toEqual({ traceparent: `00-${traceId}-${spanId}-01`, enqueued_at: expect.stringMatching(/Z$/) });
  expect(span.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  expect(span.kind).toBe(SpanKind.PRODUCER);
  expect(span.attributes).toEqual({
    'messaging.system': 'resque',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'mail',
    'messaging.resque.job_class': 'Mail',
  });
});

test("a job of Rails' is named by its own class", async () => {
  const args = [{ job_class: 'Invoice', arguments: [] }];
  await sent([{ ...JOB, class: 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper', args }]);
  expect(tracer.named('send mail').attributes).toMatchObject({ 'messaging.resque.job_class': 'Invoice' });
});

test('many jobs: one span, which names the queue or the class only where it is the same', async () => {
  await sent([JOB, { ...JOB, queue: 'other' }]);
  expect(tracer.named('send').attributes).toMatchObject({
    'messaging.batch.message_count': 2,
    'messaging.resque.job_class': 'Mail',
  });
  expect(tracer.named('send').attributes).not.toHaveProperty('messaging.destination.name');
});

test('a push that fails: the error is on the span, and is thrown', async () => {
  const error = new RangeError('no Redis');
  await expect(sendTraced([JOB], () => Promise.reject(error))).rejects.toBe(error);
  const span = tracer.named('send mail');
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no Redis' });
  expect(span.attributes['error.type']).toBe('RangeError');
});

test('a propagator writes what it likes, but never class, args or queue', async () => {
  propagation.disable();
  propagation.setGlobalPropagator({
    inject: (_context, carrier: Record<string, unknown>) =>
      Object.assign(carrier, { b3: '0', class: 'X', args: '', n: 1 }),
    extract: (active) => active,
    fields: () => ['b3'],
  });
  const fields = await sent([JOB]);
  expect(fields).toEqual({ b3: '0', enqueued_at: expect.any(String) });
  const payload = encodePayload('Mail', [1], { ...fields, enqueued_at: 'now' });
  expect(payload).toBe('{"class":"Mail","args":[1],"b3":"0","enqueued_at":"now"}');
});
