/** What supervisor and child say to each other: two unions, each message plain data. */
import type { Settings } from '../config/settings.js';
import type { Counts } from '../metrics/counts.js';
import type { Identity } from '../registry/identity.js';

/** From the supervisor. */
export type Order =
  /** The first: load the job modules and connect. `concurrency` in the settings is this child's share. */
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      readonly flags: Readonly<Record<string, unknown>>;
      /** Works the quarantines of the queues in place of the queues. */
      readonly quarantine?: boolean;
    }
  /** The child's workers are registered and beat: it may claim. */
  | { readonly kind: 'registered'; readonly identity: Identity }
  /** How many tsworker processes are alive, for the herd. */
  | { readonly kind: 'processes'; readonly count: number }
  | { readonly kind: 'stop'; readonly reason: string }
  /** Claim no more and end when the running jobs have, however long they take: another child replaces it. */
  | { readonly kind: 'retire'; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string }
  | { readonly kind: 'pause' | 'resume' | 'report' };

/** From the child. */
export type Report =
  /** The job modules are loaded and set up, Redis is connected. No job may take longer than `limitMs`; 0: no limit. */
  | {
      readonly kind: 'ready';
      readonly classes: readonly string[];
      readonly tracking: boolean;
      readonly limitMs: number;
    }
  /** From the quarantine child: a job begins, before anything of it has run, or has ended. */
  | { readonly kind: 'running'; readonly token: string; readonly running: boolean }
  /**
   * Its event loop runs. Sent before the first job of an idle child runs, and every two seconds while `more` are to
   * follow: while jobs run, or where the supervisor has limits to watch.
   */
  | { readonly kind: 'pulse'; readonly rssMb: number; readonly running: number; readonly more: boolean }
  /** Every second where metrics are served, and once more before the last. */
  | { readonly kind: 'counts'; readonly counts: Counts }
  /** The last: every job has ended or was put back. */
  | {
      readonly kind: 'ended';
      readonly exitCode: 0 | 1;
      readonly processed: number;
      readonly failed: number;
      readonly putBack: number;
    }
  /** The last: it could not start. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly hint: string | undefined };

/** How a child ended, as the supervisor saw it. */
export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  /** The process could not be started at all. */
  readonly error?: Error | undefined;
}
