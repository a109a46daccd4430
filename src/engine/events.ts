/**
 * What the engine tells: log, metrics, tracing and counts subscribe side by side. A listener that throws is reported once,
 * and changes nothing for the engine nor for the others.
 */
import { EventEmitter } from 'node:events';
import type { Claim, Outcome } from '../job.js';
import { asError, type CaughtError } from '../thrown.js';
import type { Run } from './run.js';

export interface EngineEventMap {
  /** A job is about to run: nothing of it has run yet. */
  started: [run: Run];
  finished: [run: Run, outcome: Outcome];
  /** Redis has counted the outcome of this claim; told once for each, before its slot gets another. */
  acked: [claim: Claim, outcome: Outcome];
  /** A job ended whose record no longer bore its token: somebody declared us dead, nothing was counted. */
  fenced: [claim: Claim, outcome: Outcome];
  /** A call succeeded: it asked for jobs for so many slots, and claimed so many. */
  called: [asked: number, claimed: number];
  /** Redis cannot be used; told once for each outage. */
  outage: [error: CaughtError];
  restored: [outageMs: number];
  /** Claims of a call whose reply was lost were found in Redis and are run now. */
  adopted: [count: number];
  /** Another program's record occupies a slot of ours. */
  occupied: [slot: number];
  paused: [paused: boolean];
  /** We are not in the registry any more; told once each time. Nothing is claimed until we are. */
  unregistered: [];
}

type Name = keyof EngineEventMap;
type Listener<N extends Name> = (...args: EngineEventMap[N]) => void;

export class EngineEvents {
  readonly #emitter = new EventEmitter<EngineEventMap>();
  readonly #onError: (error: CaughtError, event: Name) => void;

  /** @param onError told of the first error of each listener */
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
      // It is the log itself that cannot be written.
    }
  }
}
