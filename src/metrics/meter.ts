/** What a worker is measured by, as the daemon knows it: types, and how it listens to the engine beside the log. */
import type { EngineEvents } from '../engine/interfaces.js';
import type { HeartbeatMessage } from '../registry/heartbeat.js';

/** What is known when claims begin. */
export interface Measured {
  /** The registered classes: the only ones that get series of their own. */
  readonly classes: readonly string[];
  readonly slots: number;
  busy(): number;
}

/** What listens to the engine. */
export type MeterEvents = Pick<EngineEvents, 'finished' | 'delivered' | 'exchanged' | 'fenced'>;

/** All calls are cheap and never throw. */
export interface Meter {
  /** Claims are about to begin; returns what listens to the engine. */
  attach(measured: Measured): MeterEvents;
  /** The connection was lost and is there again. */
  reconnected(): void;
  /** The news of the heartbeat, where this process beats itself. */
  hear?(message: HeartbeatMessage): void;
}

/** What the log is not told goes to the meter alone. */
export function withMeter(log: EngineEvents, meter: MeterEvents): EngineEvents {
  const { delivered, exchanged } = meter;
  return {
    ...log,
    delivered,
    exchanged,
    finished(run, outcome) {
      meter.finished(run, outcome);
      log.finished(run, outcome);
    },
    fenced(claim) {
      meter.fenced(claim);
      log.fenced(claim);
    },
  };
}
