/** The interface between a worker and its metrics. */
import type { EngineEvents } from '../engine/events.js';
import type { HeartbeatMessage } from '../registry/heartbeat-options.js';

/** What is known when claims begin. */
export interface Measured {
  /** The registered classes: only these get their own series. */
  readonly classes: readonly string[];
  readonly slots: number;
  busy(): number;
}

/** All calls are cheap. */
export interface Meter {
  /** Subscribes to the engine, before it claims. */
  listen(events: EngineEvents, measured: Measured): void;
  /** The connection was lost, and is available again. */
  reconnected(): void;
  /** A message of the heartbeat, if it runs in this process. */
  hear?(message: HeartbeatMessage): void;
}
