/**
 * A span for enqueued jobs. Its context is written into the payloads: into fields beside `class` and `args`, where the
 * instrumentation for Ruby writes and reads them, and which other workers ignore.
 */
import type { NewJob } from '../resque/enqueue.js';
import { ownClass } from '../resque/wrapper.js';
import { asError } from '../thrown.js';
import {
  type Attributes,
  context,
  isAnswered,
  propagation,
  quietly,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  tracer,
} from './api.js';
import { fieldsOf, JOB_CLASS, SYSTEM } from './conventions.js';

/** @param push enqueues the jobs with these fields in each payload */
export async function sendTraced<T>(
  jobs: readonly NewJob[],
  push: (fields: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const span = isAnswered() && jobs.length > 0 ? quietly(() => startSpan(jobs)) : undefined;
  if (span === undefined) return await push({});
  const active = trace.setSpan(context.active(), span);
  const carrier: Record<string, unknown> = {};
  quietly(() => propagation.inject(active, carrier));
  try {
    return await context.with(active, () => push({ ...fieldsOf(carrier), enqueued_at: new Date().toISOString() }));
  } catch (error) {
    quietly(() => fail(span, error));
    throw error;
  } finally {
    quietly(() => span.end());
  }
}

/** One span for all jobs that are pushed together: they have the same context. */
function startSpan(jobs: readonly NewJob[]): Span {
  const queue = only(jobs.map((job) => job.queue));
  const name = only(jobs.map(ownClass));
  const attributes: Attributes = {
    ...SYSTEM,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    ...(queue === undefined ? {} : { 'messaging.destination.name': queue }),
    ...(name === undefined ? {} : { [JOB_CLASS]: name }),
    ...(jobs.length > 1 ? { 'messaging.batch.message_count': jobs.length } : {}),
  };
  return tracer().startSpan(queue === undefined ? 'send' : `send ${queue}`, { kind: SpanKind.PRODUCER, attributes });
}

function only(names: readonly string[]): string | undefined {
  return names.every((name) => name === names[0]) ? names[0] : undefined;
}

function fail(span: Span, thrown: unknown): void {
  const error = asError(thrown);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.setAttribute('error.type', error.name);
  span.recordException(error);
}
