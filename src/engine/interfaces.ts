/** The engine's whole world, as types: who stores claims, who runs jobs, who is told. */
import type { Claim, Outcome } from '../job.js';
import type { Run } from './run.js';

/** A job that has ended, to be reported. */
export interface Finish {
  readonly claim: Claim;
  readonly outcome: Outcome;
}

/** What the store must know of this process to decide about a job that may only run alone. */
export interface Company {
  /** How many jobs run here besides. */
  readonly busy: number;
  /**
   * One process of all has the turn to end its jobs so that such a job can run. keep: we have it and still need it;
   * release: we do not want it now, whether we have it or not; none: we do not have it.
   */
  readonly turn: 'none' | 'keep' | 'release';
}

/** What one exchange brought. */
export interface Exchanged {
  /** For each finish, in order: true when Redis counted it, false when the record no longer bore its token. */
  readonly settled: readonly boolean[];
  readonly claims: readonly Claim[];
  /** Slots that another program's record occupies: nothing was claimed for them. */
  readonly occupied: readonly number[];
  /** All workers are paused (`pause-all-workers`): nothing was claimed. */
  readonly paused: boolean;
  /** Somebody took us for dead, and out of the books: nothing was claimed, since nobody would see whose job it is. */
  readonly unregistered: boolean;
  /** Nothing more was found that may run here now; the wake-up is armed where the store can. */
  readonly drained: boolean;
  /** A job was left in its queue since it must run alone, or is run so in our turn. here: the turn is ours. */
  readonly waitsAlone: 'here' | 'elsewhere' | undefined;
}

export interface JobStore {
  /**
   * Reports the finishes, then claims one job for each idle slot, in one atomic call. May be sent again after a lost
   * reply: a finish counts once. Rejects when Redis cannot be reached or refuses; then nothing is known.
   *
   * A job that must run alone is claimed only where nothing runs besides, with nothing else; otherwise it stays where it
   * is, and others are claimed.
   */
  exchange(finishes: readonly Finish[], idle: readonly number[], company: Company): Promise<Exchanged>;
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
  /** We end our jobs so that one can run alone that processes have died of. */
  makingRoom(): void;
  /** Our jobs did not end in time: we claim as before, and try again later. */
  madeNoRoom(): void;
}
