/** The engine's whole world, as types: who stores claims, who runs jobs, who is told. */
import type { Claim, Outcome } from '../job.js';
import type { Run } from './run.js';

/** A job that has ended, to be reported. */
export interface Finish {
  readonly claim: Claim;
  readonly outcome: Outcome;
}

/** What one call brought. */
export interface ClaimReply {
  /** For each finish, in order: true when Redis counted it, false when the record no longer bore its token. */
  readonly settled: readonly boolean[];
  readonly claims: readonly Claim[];
  /** Slots that another program's record occupies: nothing was claimed for them. */
  readonly occupied: readonly number[];
  /** All workers are paused (`pause-all-workers`): nothing was claimed. */
  readonly paused: boolean;
  /** Somebody took us for dead, and out of the registry: nothing was claimed, since nobody would see whose job it is. */
  readonly unregistered: boolean;
  /** Nothing more was found; the wake-up is armed where the store can. Else there may be more, whatever was claimed. */
  readonly drained: boolean;
}

export interface JobStore {
  /**
   * Reports the finishes, then claims one job for each idle slot, in one atomic call. May be sent again after a lost
   * reply: a finish counts once. Rejects when Redis cannot be reached or refuses; then nothing is known.
   */
  ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply>;
  /** The claims that Redis holds for these slots and that this process made. */
  held(slots: readonly number[]): Promise<Claim[]>;
}

/** Runs the job of a claim; resolves when it succeeded, rejects when it failed. May throw at once. */
export type Perform = (run: Run) => unknown;

/** What the engine tells: the log, the metrics. All calls are cheap and never throw. */
export interface EngineEvents {
  finished(run: Run, outcome: Outcome): void;
  /** Redis has counted the outcome of this claim; told once for each, before its slot gets another. */
  delivered(claim: Claim): void;
  /** An exchange succeeded: it asked for jobs for so many slots, and claimed so many. */
  exchanged(asked: number, claimed: number): void;
  /** A job ended whose record no longer bore its token: somebody declared us dead, nothing was counted. */
  fenced(claim: Claim): void;
  /** Redis cannot be used; called once for each outage. */
  outage(error: Error): void;
  restored(outageMs: number): void;
  /** Claims of a lost reply were found in Redis and are run now. */
  adopted(count: number): void;
  /** Another program's record occupies a slot of ours. */
  occupied(slot: number): void;
  paused(paused: boolean): void;
  /** We are not in the books any more; called once each time. Nothing is claimed until we are. */
  unregistered(): void;
}
