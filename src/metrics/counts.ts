/** The report of a worker process, once a second: plain data, so that it can be sent to a supervisor. */
import type { HistogramCounts } from './histogram.js';

/** Changes since the last report. */
export interface JobCounts {
  readonly queue: string;
  readonly class: string;
  readonly done: number;
  readonly failed: number;
  readonly requeued: number;
  readonly retried: number;
  readonly discarded: number;
  readonly duration: HistogramCounts | undefined;
}

export interface Counts {
  /** Since the last report. */
  readonly jobs: readonly JobCounts[];
  readonly waits: readonly { readonly queue: string; readonly wait: HistogramCounts }[];
  readonly claimCalls: number;
  readonly emptyClaims: number;
  readonly fenced: number;
  readonly reconnects: number;
  readonly lag: HistogramCounts | undefined;
  /** The current state. */
  readonly slots: number;
  readonly busy: number;
  readonly rssBytes: number;
}
