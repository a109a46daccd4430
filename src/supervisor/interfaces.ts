/** What the supervisor needs from outside. */
import type { Identity } from '../registry/identity.js';

/** The registry, as the supervisor needs it. But for the last no call rejects: while Redis is away they wait for it. */
export interface ChildRegistry {
  /**
   * Registers the slots of a child, and beats for them from now on. undefined when the wait was given up, by us or since
   * the child is `over`.
   */
  enter(pid: number, concurrency: number, over: AbortSignal): Promise<Identity | undefined>;
  /** A child has left in order. */
  leave(identity: Identity): Promise<void>;
  /** A child died: its jobs run elsewhere, or fail where the cause lies with them. */
  recover(identity: Identity, facts: DeathFacts): Promise<void>;
  /** Whether a job waits in the quarantine of a queue of ours. Rejects where Redis cannot be asked. */
  hasQuarantined(): Promise<boolean>;
}

/** What is known of the death of a child. */
export interface DeathFacts {
  /**
   * Why it ended without a last word. `death`: counts against what it ran. `blocked`: a job blocked it beyond every
   * limit; the one that was alone is the one. `killed`: by us, at a stop, which is nobody's fault.
   */
  readonly cause: 'death' | 'blocked' | 'killed';
  /** `pid 4711 SIGKILL (signal 9)` */
  readonly exit: string;
  /** The claims of the quarantine child that had begun and not ended. */
  readonly begun: ReadonlySet<string>;
}
