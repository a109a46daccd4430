/** Events of the supervisor, plain data: the log, the metrics and systemd subscribe side by side. */
import { EventEmitter } from 'node:events';
import type { TsworkerError } from '../errors.js';
import type { Counts } from '../metrics/counts.js';
import type { Death } from './messages.js';

/** What is known when a child begins to claim jobs. */
export type Ready = { readonly classes: readonly string[]; readonly tracking: boolean; readonly limitMs: number };

/** A process, and how many jobs ran in it at its last pulse. */
export interface RunningChild {
  readonly pid: number;
  readonly running: number;
}

/** The progress of a reload, and what it waits for now. */
export interface ReloadProgress {
  readonly replaced: number;
  readonly total: number;
  /** draining: one of these must exit before the next child can start. starting: the new child is not ready yet. */
  readonly waitingFor: { readonly what: 'draining' | 'starting'; readonly children: readonly RunningChild[] };
}

export interface SupervisorEventMap {
  /** The first child works. Once. */
  ready: [facts: Ready];
  /** A child died without a last report. `restartInMs` is undefined if it is not replaced. */
  died: [event: { readonly pid: number; readonly death: Death; readonly restartInMs: number | undefined }];
  /** The process of a child could not be started. */
  startFailed: [event: { readonly error: Error; readonly restartInMs: number | undefined }];
  /** A child refused to start, after others could. `restartInMs` is undefined if the start is not retried. */
  refused: [event: { readonly pid: number; readonly error: TsworkerError; readonly restartInMs: number | undefined }];
  /** A child uses more memory than -max-rss: it finishes its jobs and is replaced. */
  retiring: [event: { readonly pid: number; readonly rssMb: number }];
  /** A child did not exit although its jobs were aborted: it was killed. */
  killed: [event: { readonly pid: number }];
  /** A job blocks the event loop of a child. */
  blocked: [event: RunningChild & { readonly silentMs: number }];
  /** A blocked child answers again. */
  answering: [event: { readonly pid: number }];
  /** A child was blocked for longer than every time limit of its jobs: it was killed. */
  killedBlocked: [event: { readonly pid: number; readonly silentMs: number }];
  /** A job that was to be cancelled blocked its process, which was killed. Its other jobs are requeued. */
  killedToCancel: [event: { readonly pid: number }];
  /** Jobs wait in quarantine: the quarantine child starts. */
  quarantineOpened: [];
  /** Too many children died within a minute: the worker stops. */
  gaveUp: [event: { readonly deaths: number }];
  /** What a child counted since its last report. `slot`: from 0, the same for the child that replaces it. */
  counted: [event: { readonly slot: number; readonly pid: number; readonly counts: Counts }];
  /** The process of a child is gone. `inOrder`: it sent a last report. */
  left: [event: { readonly slot: number; readonly pid: number; readonly inOrder: boolean }];
  /** In a reload: a new child works now, and the old one finishes its jobs. */
  replacing: [event: { readonly old: RunningChild; readonly next: number }];
  /** `spare`: how many more children than slots there may be; 0: each old child ends before the new one starts. */
  reloading: [event: { readonly children: number; readonly spare: number }];
  /** The reload was requested again, or has to wait for a child to end. */
  reloadWaiting: [event: ReloadProgress & { readonly requested: boolean }];
  /** All children run the new job modules. `draining`: old children that still finish their jobs. */
  reloaded: [event: { readonly classes: readonly string[]; readonly draining: readonly RunningChild[] }];
  /** The reload failed. No job is lost: the children that were not replaced continue. */
  reloadFailed: [event: { readonly replaced: number }];
  /** The visible state of a child has changed: paused, blocked, draining, reloading. */
  stateChanged: [];
}

export class SupervisorEvents extends EventEmitter<SupervisorEventMap> {}
