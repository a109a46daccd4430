/**
 * Whether this process has an OpenTelemetry SDK for traces. The SDK registers itself on globalThis, which can be checked
 * without loading the API: a program without an SDK has no cost.
 */

/** The key under which every 1.x copy of the API stores the registered SDK. */
const MARK = Symbol.for('opentelemetry.js.api.1');

export interface Mark {
  readonly version?: string;
  readonly trace?: unknown;
}

export function readMark(): Mark | undefined {
  return (globalThis as { [MARK]?: Mark })[MARK];
}

export function isTraced(): boolean {
  return readMark()?.trace !== undefined;
}
