/** What the supervisor needs from outside, and what it tells. */
import type { TsworkerError } from '../errors.js';
import type { Counts } from '../metrics/counts.js';
import type { Identity } from '../registry/identity.js';
import type { Death } from './messages.js';
import type { RolloutEvents } from './reload.js';

/** The registry, as the supervisor needs it. No call rejects: while Redis is away they wait for it. */
export interface Books {
  /**
   * Registers the slots of a child, and beats for them from now on. undefined when the wait was given up, by us or since
   * the child is `over`.
   */
  enter(pid: number, concurrency: number, over: AbortSignal): Promise<Identity | undefined>;
  /** A child has left in order. */
  leave(identity: Identity): Promise<void>;
  /** A child died: its jobs run elsewhere, or fail where the cause lies with them. */
  recover(identity: Identity, end: End): Promise<void>;
}

/** What is known of the death of a child. */
export interface End {
  readonly cause: Cause;
  /** `pid 4711 SIGKILL (signal 9)` */
  readonly exit: string;
  /** The claims of the quarantine child that had begun and not ended. */
  readonly begun: ReadonlySet<string>;
}

/**
 * Why a child ended without a last word. `death`: counts against what it ran. `blocked`: a job blocked it beyond every
 * limit; the one that was alone is the one. `killed`: by us, at a stop, which is nobody's fault.
 */
export type Cause = 'death' | 'blocked' | 'killed';

export type Ready = { readonly classes: readonly string[]; readonly tracking: boolean; readonly limitMs: number };

export interface SupervisorEvents extends RolloutEvents {
  /** Once, at the first child that works. */
  ready(facts: Ready): void;
  /** -1: it is not replaced. */
  died(pid: number, death: Death, restartInMs: number): void;
  /** In a reload: another child works now, and the old one ends its jobs. */
  replacing(oldPid: number, newPid: number): void;
  /** A child could not start, after others could. */
  refused(pid: number, error: TsworkerError, restartInMs: number): void;
  retiring(pid: number, rssMb: number): void;
  killed(pid: number): void;
  blocked(pid: number, silentMs: number): void;
  gaveUp(deaths: number): void;
  /** What a child counted since its last report. `place`: from 0, and the same for the one that replaces it. */
  counted(place: number, pid: number, counts: Counts): void;
  /** A child's process is gone. `inOrder`: it had its last word. */
  left(place: number, pid: number, inOrder: boolean): void;
}
