/** Interfaces that the supervisor needs. */
import type { Identity } from '../registry/identity.js';

/** The registry for the supervisor. Only `hasQuarantined` rejects: the others wait while Redis is unavailable. */
export interface ChildRegistry {
  /**
   * Registers the slots of a child, and sends their heartbeats from now on. Resolves with undefined when the wait for
   * Redis ended, at the stop or because the child is `over`.
   */
  enter(pid: number, concurrency: number, over: AbortSignal): Promise<Identity | undefined>;
  /** Unregisters a child that ended in order. */
  leave(identity: Identity): Promise<void>;
  /** Recovers the jobs of a child that died: each is requeued, quarantined, or failed as a poison pill. */
  recover(identity: Identity, facts: DeathFacts): Promise<void>;
  /** Whether a job waits in the quarantine of one of the worker's queues. Rejects if Redis does not answer. */
  hasQuarantined(): Promise<boolean>;
}

/** What is known of the death of a child. */
export interface DeathFacts {
  /**
   * Why it ended without a last report. `death`: counts against the jobs that it ran. `blocked`: a job blocked it for
   * longer than every time limit; a job that ran alone is the cause. `killed`: by the supervisor, and counts against
   * no job.
   */
  readonly cause: 'death' | 'blocked' | 'killed';
  /** `pid 4711 SIGKILL (signal 9)` */
  readonly exit: string;
  /** The claim tokens of the quarantine child's jobs that had begun and not ended. */
  readonly begun: ReadonlySet<string>;
}
