/** What a worker process tells of itself, every second: plain data, so that it can be sent to a supervisor. */
import type { Tally } from './tally.js';

/** Since the last report. Only what changed. */
export interface JobCounts {
  readonly queue: string;
  readonly class: string;
  readonly done: number;
  readonly failed: number;
  readonly requeued: number;
  readonly retried: number;
  readonly discarded: number;
  readonly duration: Tally | undefined;
}

export interface Counts {
  /** Since the last report. */
  readonly jobs: readonly JobCounts[];
  readonly waits: readonly { readonly queue: string; readonly wait: Tally }[];
  readonly exchanges: number;
  readonly emptyClaims: number;
  readonly fenced: number;
  readonly reconnects: number;
  readonly lag: Tally | undefined;
  /** As it stands now. */
  readonly slots: number;
  readonly busy: number;
  readonly rssBytes: number;
}
