/** The one door to OpenTelemetry's API. Import this, and what imports it, only where mark.ts says that there is an SDK. */
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

/** Several copies of the API can be installed. Ours is answered only by an SDK that came with this version or a later one. */
export function isAnswered(): boolean {
  return trace.getTracerProvider() === readMark()?.trace;
}

export function tracer() {
  return trace.getTracer('tsworker', VERSION);
}

/** A tracer is a guest: what it throws is its own matter, and fails no job. */
export function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
