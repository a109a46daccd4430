/**
 * Whether an OpenTelemetry SDK for traces is in this process. It leaves a mark on globalThis, which is seen without
 * loading the API: a program without an SDK pays for nothing.
 */

/** Where every 1.x copy of the API keeps what was registered. */
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
