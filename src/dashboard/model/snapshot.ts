/** What the pages are made of: the last that was read of everything, each part with its age. Plain data. */
import type { HostSeen, WorkerCounts } from '../../inspect/crowd.js';
import type { Glance } from '../../inspect/glance.js';
import type { ProcessSeen } from '../../inspect/processes.js';
import type { QueueSeen } from '../../inspect/queues.js';
import type { WorkerSeen } from '../../inspect/workers.js';
import type { History } from '../../resque/history.js';

export interface Snapshot {
  /** Rises with each change. */
  readonly version: number;
  readonly figures: Figures | undefined;
  readonly queues: QueueFigures | undefined;
  readonly workers: WorkerFigures | undefined;
  readonly health: Health | undefined;
  readonly history: History | undefined;
  /** Why nothing new is read; undefined: Redis answers. */
  readonly problem: { readonly text: string; readonly since: number } | undefined;
}

/** A few numbers for the whole namespace. Times are Redis' clock, in milliseconds. */
export interface Figures extends Glance {
  /** The same moment by our own clock. */
  readonly readAt: number;
  /** A second; undefined until there are two readings. */
  readonly rates: { readonly processed: number; readonly failed: number } | undefined;
}

export interface QueueRow extends QueueSeen {
  /** As Redis has its name. */
  readonly bytes: Buffer;
  /** Jobs a second; undefined until there are two readings. */
  readonly growth: number | undefined;
  readonly retrying: number;
  /** What is wrong with the job that comes next; undefined: nothing, or it is not known. */
  readonly headProblem: string | undefined;
}

export interface QueueFigures {
  readonly at: number;
  /** By name. */
  readonly rows: readonly QueueRow[];
  readonly waiting: number;
  readonly quarantined: number;
  readonly retrying: number;
}

/** A worker without the payload of its job: there may be 100,000. */
export interface WorkerRow extends Omit<WorkerSeen, 'job'> {
  readonly process: string;
  readonly job: { readonly class: string; readonly queue: string; readonly since: number | undefined } | undefined;
}

export interface WorkerFigures {
  readonly at: number;
  /** By id. */
  readonly rows: readonly WorkerRow[];
  readonly counts: WorkerCounts;
  readonly hosts: readonly HostSeen[];
  readonly processes: readonly ProcessSeen[];
  /** How many take jobs of this queue. */
  serving(queue: string): number;
}

export interface Health {
  readonly at: number;
  readonly usedMemory: number;
  /** 0: no limit. */
  readonly maxMemory: number;
  readonly policy: string;
  /** Keys that Redis has thrown away for want of memory, since it was started. */
  readonly evicted: number;
  readonly version: string;
}
