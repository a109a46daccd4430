/** The messages between supervisor and child: two unions of plain data. */
import type { Settings } from '../config/settings.js';
import type { Counts } from '../metrics/counts.js';
import type { CancelOrder } from '../registry/control.js';
import type { Identity } from '../registry/identity.js';

/** From the supervisor. */
export type Order =
  /** The first order: load the job modules and connect. `concurrency` in the settings is this child's share. */
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      readonly flags: Readonly<Record<string, unknown>>;
      /** The configuration file, if it has middleware or options of classes. */
      readonly configFile?: string | undefined;
      /** Process the quarantines of the queues instead of the queues. */
      readonly quarantine?: boolean;
    }
  /** The child's workers are registered and have a heartbeat: it may claim. */
  | { readonly kind: 'registered'; readonly identity: Identity }
  /** How many tsworker processes are alive, so that not all of them wake up for one job. */
  | { readonly kind: 'processes'; readonly count: number }
  | { readonly kind: 'stop'; readonly reason: string }
  /** Claim no more and exit when the running jobs have ended, without a time limit: another child replaces this one. */
  | { readonly kind: 'retire'; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string }
  | { readonly kind: 'pause' | 'resume' | 'report' }
  /** Cancel a running job. The child says that it has heard of it, and answers in Redis when the job has ended. */
  | CancelOrder;

/** From the child. */
export type Report =
  /** The job modules are set up, Redis is connected. `limitMs`: the longest time limit of a job; 0: one has none. */
  | {
      readonly kind: 'ready';
      readonly classes: readonly string[];
      readonly tracking: boolean;
      readonly limitMs: number;
    }
  /** From the quarantine child: a job is about to run, or has ended. */
  | { readonly kind: 'running'; readonly token: string; readonly running: boolean }
  /**
   * The event loop runs. Sent before the first job of an idle child runs, then every two seconds while jobs run, or
   * always if the supervisor has limits to watch. `more`: further pulses follow.
   */
  | { readonly kind: 'pulse'; readonly rssMb: number; readonly running: number; readonly more: boolean }
  /** An order to cancel a job has arrived. `id`: that of the order. */
  | { readonly kind: 'heard'; readonly id: string }
  /** Every second if metrics are served, and once more before the last report. */
  | { readonly kind: 'counts'; readonly counts: Counts }
  /** The last report: every job has ended or was requeued. */
  | {
      readonly kind: 'ended';
      readonly exitCode: 0 | 1;
      readonly processed: number;
      readonly failed: number;
      readonly requeued: number;
    }
  /** The last report: the child could not start. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly hint: string | undefined };

/** How the process of a child ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  /** The process could not be started at all. */
  readonly error?: Error | undefined;
}
