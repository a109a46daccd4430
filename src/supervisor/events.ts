/** What the supervisor tells: the log, the metrics and systemd subscribe side by side. All of it is plain data. */
import { EventEmitter } from 'node:events';
import type { TsworkerError } from '../errors.js';
import type { Counts } from '../metrics/counts.js';
import type { Death } from './messages.js';

/** What is known when a child begins to claim. */
export type Ready = { readonly classes: readonly string[]; readonly tracking: boolean; readonly limitMs: number };

/** A process, and how many jobs ran in it when it was last heard. */
export interface RunningChild {
  readonly pid: number;
  readonly running: number;
}

/** How far a reload is, and what it waits for now. */
export interface ReloadProgress {
  readonly replaced: number;
  readonly total: number;
  /** draining: these have to end, or one of them, before the next child can start. starting: it is not ready yet. */
  readonly waitingFor: { readonly what: 'draining' | 'starting'; readonly children: readonly RunningChild[] };
}

export interface SupervisorEventMap {
  /** Once, at the first child that works. */
  ready: [facts: Ready];
  /** It died without a last word. `restartInMs` is absent where it is not replaced. */
  died: [event: { readonly pid: number; readonly death: Death; readonly restartInMs: number | undefined }];
  /** Its process could not be started at all. */
  startFailed: [event: { readonly error: Error; readonly restartInMs: number | undefined }];
  /** It could not begin to work, after others could. `restartInMs` is absent where it is not tried again. */
  refused: [event: { readonly pid: number; readonly error: TsworkerError; readonly restartInMs: number | undefined }];
  /** It uses more memory than -max-rss: it ends its jobs and is replaced. */
  retiring: [event: { readonly pid: number; readonly rssMb: number }];
  /** It did not end although its jobs were given up: we killed it. */
  killed: [event: { readonly pid: number }];
  /** A job keeps its event loop from answering. */
  blocked: [event: RunningChild & { readonly silentMs: number }];
  /** One that was blocked answers again. */
  answering: [event: { readonly pid: number }];
  /** Blocked beyond every limit of its jobs: we killed it. */
  killedBlocked: [event: { readonly pid: number; readonly silentMs: number }];
  /** Jobs wait in quarantine: a child starts that runs them. */
  quarantineOpened: [];
  /** Too many died within a minute. */
  gaveUp: [event: { readonly deaths: number }];
  /** What a child counted since its last report. `slot`: from 0, and the same for the child that replaces it. */
  counted: [event: { readonly slot: number; readonly pid: number; readonly counts: Counts }];
  /** A child's process is gone. `inOrder`: it had its last word. */
  left: [event: { readonly slot: number; readonly pid: number; readonly inOrder: boolean }];
  /** In a reload: another child works now, and the old one ends its jobs. */
  replacing: [event: { readonly old: RunningChild; readonly next: number }];
  /** `spare`: how many more children than slots there may be meanwhile; 0: each old one ends before the new one begins. */
  reloading: [event: { readonly children: number; readonly spare: number }];
  /** It is asked for again, or has to wait for a child to end. */
  reloadWaiting: [event: ReloadProgress & { readonly requested: boolean }];
  /** All work with the job modules as they are now. `draining`: those before them that still end their jobs. */
  reloaded: [event: { readonly classes: readonly string[]; readonly draining: readonly RunningChild[] }];
  /** Nothing was lost: the children that were not replaced go on. */
  reloadFailed: [event: { readonly replaced: number }];
  /** What can be seen of a child from outside has changed: paused, blocked, draining, reloading. */
  stateChanged: [];
}

export class SupervisorEvents extends EventEmitter<SupervisorEventMap> {}
