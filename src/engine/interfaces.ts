/** What the engine needs from outside, as types: who stores claims, who runs jobs. What it tells is in events.ts. */
import type { Claim, Outcome } from '../job.js';
import type { CaughtError } from '../thrown.js';
import type { Run } from './run.js';

/** A job that has ended, to be acknowledged. */
export interface Finish {
  readonly claim: Claim;
  readonly outcome: Outcome;
}

/** What one call brought. */
export interface ClaimReply {
  /** For each finish, in order: true when Redis counted it, false when the record no longer bore its token. */
  readonly settled: readonly boolean[];
  readonly claims: readonly Claim[];
  /** Slots that another record occupies: nothing was claimed for them. */
  readonly occupied: readonly number[];
  /** All workers are paused (`pause-all-workers`): nothing was claimed. */
  readonly paused: boolean;
  /** Somebody took us for dead, and out of the registry: nothing was claimed, since nobody would see whose job it is. */
  readonly unregistered: boolean;
  /** Nothing more was found; the wake-up is armed where the store can. Else there may be more, whatever was claimed. */
  readonly drained: boolean;
  /** Where it is drained: in how many milliseconds a job of our queues is due to run again. Absent: there is none. */
  readonly nextRetryMs?: number;
}

export interface JobStore {
  /**
   * Acknowledges the finishes, then claims one job for each idle slot, in one atomic call. May be sent again after a lost
   * reply: a finish counts once. Rejects when Redis cannot be reached or refuses; then nothing is known.
   * @param idle begins with all slots of the finishes, in their order, or has none of them
   */
  ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply>;
  /** The claims that Redis holds for these slots and that this process made. */
  held(slots: readonly number[]): Promise<Claim[]>;
}

/** Runs the job of a claim; resolves when it succeeded, rejects when it failed. May throw at once. */
export type Perform = (run: Run) => unknown;

/** What becomes of a job that failed. Asked at failures only. */
export type Judge = (run: Run, thrown: unknown, error: CaughtError) => Outcome;
