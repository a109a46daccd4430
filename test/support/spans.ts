/** A real OpenTelemetry SDK in this process, whose spans stay in memory. */
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

export interface TestTracer {
  /** The ended spans, in the order of their ends. */
  readonly ended: readonly ReadableSpan[];
  /** The ended span with this name. */
  named(name: string): ReadableSpan;
  reset(): void;
}

/** For the whole process: call it once. */
export function registerTracer(): TestTracer {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  return {
    get ended() {
      return exporter.getFinishedSpans();
    },
    named(name) {
      const found = exporter.getFinishedSpans().filter((span) => span.name === name);
      if (found.length === 1) return found[0];
      throw new Error(`${found.length} spans are called ${name}: ${exporter.getFinishedSpans().map((s) => s.name)}`);
    },
    reset: () => exporter.reset(),
  };
}
