/** What a worker is measured by, as the worker knows it: types. */
import type { EngineEvents } from '../engine/events.js';
import type { HeartbeatMessage } from '../registry/heartbeat-options.js';

/** What is known when claims begin. */
export interface Measured {
  /** The registered classes: the only ones that get series of their own. */
  readonly classes: readonly string[];
  readonly slots: number;
  busy(): number;
}

/** All calls are cheap. */
export interface Meter {
  /** Claims are about to begin: listens to the engine. */
  listen(events: EngineEvents, measured: Measured): void;
  /** The connection was lost and is there again. */
  reconnected(): void;
  /** The news of the heartbeat, where this process beats itself. */
  hear?(message: HeartbeatMessage): void;
}
