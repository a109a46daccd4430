/** The only import of OpenTelemetry's API. To be loaded only if mark.ts has found an SDK. */
import { trace } from '@opentelemetry/api';
import { VERSION } from '../version.js';
import { readMark } from './mark.js';

export {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Several copies of the API can be installed. Ours works only with an SDK that has the same version or a newer one. */
export function isAnswered(): boolean {
  return trace.getTracerProvider() === readMark()?.trace;
}

export function tracer() {
  return trace.getTracer('tsworker', VERSION);
}

/** An error of a tracer must not fail a job: it is ignored. */
export function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
