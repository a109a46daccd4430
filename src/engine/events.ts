/**
 * Events of the engine: log, metrics, tracing and counts subscribe side by side. A listener that throws is reported
 * once, and affects neither the engine nor the other listeners.
 */
import { EventEmitter } from 'node:events';
import type { Claim, Outcome } from '../job.js';
import { asError, type CaughtError } from '../thrown.js';
import type { Run } from './run.js';

export interface EngineEventMap {
  /** A job is about to run. */
  started: [run: Run];
  finished: [run: Run, outcome: Outcome];
  /** Redis has counted the outcome of this claim. Once for each claim, before its slot gets another one. */
  acked: [claim: Claim, outcome: Outcome];
  /** A finished job whose record has another token: this worker had been declared dead, and nothing was counted. */
  fenced: [claim: Claim, outcome: Outcome];
  /** A call succeeded. */
  called: [asked: number, claimed: number];
  /** Redis is unavailable. Once for each outage. */
  outage: [error: CaughtError];
  restored: [outageMs: number];
  /** Claims of a lost reply were found in Redis and run now. */
  adopted: [count: number];
  /** The worker record of a slot holds another process's job: the slot is skipped. */
  occupied: [slot: number];
  paused: [paused: boolean];
  /** This process was removed from the registry. Nothing is claimed until it is registered again. */
  unregistered: [];
}

type Name = keyof EngineEventMap;
type Listener<N extends Name> = (...args: EngineEventMap[N]) => void;

export class EngineEvents {
  readonly #emitter = new EventEmitter<EngineEventMap>();
  readonly #onError: (error: CaughtError, event: Name) => void;

  /** @param onError called with the first error of each listener */
  constructor(onError: (error: CaughtError, event: Name) => void) {
    this.#onError = onError;
  }

  on<N extends Name>(event: N, listener: Listener<N>): this {
    let reported = false;
    const guarded = (...args: EngineEventMap[N]) => {
      try {
        listener(...args);
      } catch (thrown) {
        if (!reported) this.#report(thrown, event);
        reported = true;
      }
    };
    this.#emitter.on(event, guarded as never);
    return this;
  }

  emit<N extends Name>(event: N, ...args: EngineEventMap[N]): void {
    this.#emitter.emit(event, ...(args as never));
  }

  #report(thrown: unknown, event: Name): void {
    try {
      this.#onError(asError(thrown), event);
    } catch {
      // The log itself failed.
    }
  }
}
