/**
 * A span for each job: from before its function to its outcome, active while it runs, and linked to the span that
 * enqueued it. A link and not a parent, as the messaging conventions recommend: a job may run hours later, and the trace
 * of the producer would stay incomplete until then.
 */
import type { Run } from '../engine/run.js';
import type { Outcome } from '../job.js';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  quietly,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  tracer,
} from './api.js';
import { carrierIn, JOB_CLASS, outcomeName, SYSTEM } from './conventions.js';

export class JobSpans {
  readonly #workerId: (slot: number) => string;
  readonly #tracer = tracer();
  readonly #fields = propagation.fields();
  readonly #open = new Map<Run, Span>();

  constructor(workerId: (slot: number) => string) {
    this.#workerId = workerId;
  }

  around(run: Run, job: () => unknown): unknown {
    const started = quietly(() => this.#start(run));
    if (started === undefined) return job();
    this.#open.set(run, started.span);
    return context.with(started.active, job);
  }

  finished(run: Run, outcome: Outcome): void {
    if (this.#open.size === 0) return;
    const span = this.#open.get(run);
    if (span === undefined) return;
    this.#open.delete(run);
    quietly(() => describe(span, outcome));
    quietly(() => span.end());
  }

  #start(run: Run): { span: Span; active: Context } {
    const { queue, payload } = run.claim;
    // Not the active context: `work()` may have been called inside a span.
    const sent = propagation.extract(ROOT_CONTEXT, carrierIn(payload, this.#fields));
    const options = {
      kind: SpanKind.CONSUMER,
      root: true,
      links: linksTo(sent),
      attributes: this.#attributes(run),
      startTime: run.startedAt,
    };
    const span = this.#tracer.startSpan(`process ${queue}`, options, sent);
    return { span, active: trace.setSpan(sent, span) };
  }

  #attributes({ claim, class: name }: Run): Attributes {
    return {
      ...SYSTEM,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': claim.queue,
      'messaging.client.id': this.#workerId(claim.slot),
      'messaging.message.body.size': claim.payload.length,
      [JOB_CLASS]: name,
    };
  }
}

function linksTo(sent: Context): Link[] {
  const producer = trace.getSpanContext(sent);
  return producer === undefined ? [] : [{ context: producer }];
}

function describe(span: Span, outcome: Outcome): void {
  span.setAttribute('tsworker.outcome', outcomeName(outcome));
  if (outcome.kind !== 'failed' && outcome.kind !== 'retry') return;
  const { error } = outcome;
  span.setStatus({ code: SpanStatusCode.ERROR, message: String(error.message) });
  span.setAttribute('error.type', String(error.name));
  span.recordException(error);
}
