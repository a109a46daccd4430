/** Interfaces that the engine needs: the job store, and the functions that run jobs. Its events are in events.ts. */
import type { Claim, Outcome } from '../job.js';
import type { Run } from './run.js';

/** A finished job, to be acknowledged. */
export interface Finish {
  readonly claim: Claim;
  readonly outcome: Outcome;
}

/** The reply to one call. */
export interface ClaimReply {
  /** For each finish, in order: whether Redis counted it; false: the record has another token. */
  readonly settled: readonly boolean[];
  readonly claims: readonly Claim[];
  /** Slots that another record occupies: nothing was claimed for them. */
  readonly occupied: readonly number[];
  /** All workers are paused (`pause-all-workers`): nothing was claimed. */
  readonly paused: boolean;
  /** This process was removed from the registry: nothing was claimed, since nobody could recover the jobs. */
  readonly unregistered: boolean;
  /** No more jobs were found, and tracking is active if supported. false: there may be more. */
  readonly drained: boolean;
  /** If drained: milliseconds until the next retry in these queues is due. Absent: there is none. */
  readonly nextRetryMs?: number;
}

export interface JobStore {
  /**
   * Acknowledges the finishes, then claims one job for each idle slot, in one atomic call. May be sent again after a lost
   * reply: a finish counts once. Rejects if Redis is unavailable or replies with an error: the effect is unknown then.
   * @param idle begins with all slots of the finishes, in their order, or contains none of them
   */
  ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply>;
  /**
   * The store was told of a change.
   * @param what as the store's connection reports it; null: anything may have changed
   * @returns whether there may be jobs to claim now, or the pause has changed
   */
  changed(what: string | null): boolean;
  /** This process has pushed jobs itself, which is not reported. Absent: the queues are not known. */
  pushedTo(queues?: readonly string[]): void;
  /** To be called from time to time, in case that a report was lost: the next calls look again. */
  look(): void;
  /** The claims that Redis holds for these slots and that this process made. */
  held(slots: readonly number[]): Promise<Claim[]>;
}

/** Runs the job of a claim; resolves if it succeeded, rejects if it failed. May throw synchronously. */
export type Perform = (run: Run) => unknown;
