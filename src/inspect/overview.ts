/** The state of a namespace, as plain data: for `tsworker status` and the dashboard. */
import type { Connection } from '../redis/connection.js';
import { serverTimeMs } from '../registry/clock.js';
import { readProcessStates } from '../registry/processes/process-state.js';
import type { Keys } from '../resque/keys.js';
import { Crowd, type HostSeen, type Running, type WorkerCounts } from './crowd.js';
import { type Delayed, readDelayed } from './delayed.js';
import { countFailed, type FailedGroup } from './failed/count.js';
import { FailedList } from './failed/list.js';
import { findUnpausable, type Pause, readPause, type Unpausable } from './pause.js';
import type { ProcessSeen } from './processes.js';
import { listQueues, type QueueSeen } from './queues.js';
import { totalRetries } from './retries.js';
import { countRecurring, type RecurringCounts } from './schedules.js';
import { readStats, type Stats } from './stats.js';
import { walkWorkers } from './workers.js';

export interface OverviewOptions {
  /** See WatchOptions in workers.ts. */
  readonly pruneAfterMs: number;
  /** The number of newest failed entries that are grouped by kind; 0: they are only counted. */
  readonly failures: number;
  /** The number of running jobs that are listed, the longest-running first. */
  readonly running: number;
}

export interface QueueServed extends QueueSeen {
  /** The workers that process it. */
  readonly workers: number;
}

export interface Overview {
  /** The time of Redis. Milliseconds since the epoch. */
  readonly at: number;
  /** `unpausable`: not searched if the workers are not paused. */
  readonly pause: Pause & { readonly unpausable: readonly Unpausable[] };
  readonly stats: Stats;
  readonly queues: readonly QueueServed[];
  readonly delayed: Delayed | undefined;
  /** undefined: nothing is scheduled. */
  readonly recurring: RecurringCounts | undefined;
  /** The failed jobs that wait for their next run. */
  readonly retrying: number;
  /** By name. */
  readonly hosts: readonly HostSeen[];
  /** All registered workers. */
  readonly workers: WorkerCounts;
  /** Processes with more to report than the number of busy workers. */
  readonly processes: readonly ProcessSeen[];
  readonly running: readonly Running[];
  readonly failures: Failures;
}

export interface Failures {
  /** The number of failed entries. */
  readonly total: number;
  /** How many of the newest entries were grouped. */
  readonly looked: number;
  /** By kind: queue, class, exception and message; the most frequent first. */
  readonly groups: readonly FailedGroup[];
}

export async function readOverview(connection: Connection, keys: Keys, options: OverviewOptions): Promise<Overview> {
  const at = await serverTimeMs(connection);
  const crowd = new Crowd(options.running, await readProcessStates(connection, keys));
  const everyone = async () => {
    for await (const batch of walkWorkers(connection, keys, { nowMs: at, ...options })) crowd.add(batch);
  };
  const [pause, stats, queues, delayed, recurring, retrying, failures] = await Promise.all([
    readPauseAndWhom(connection, keys),
    readStats(connection, keys),
    listQueues(connection, keys),
    readDelayed(connection, keys),
    countRecurring(connection, keys),
    totalRetries(connection, keys),
    readFailures(connection, keys, options.failures),
    everyone(),
  ]);
  const served = queues.map((queue) => ({ ...queue, workers: crowd.serving(queue.name) }));
  const jobs = { queues: served, delayed, recurring, retrying, failures };
  return { at, pause, stats, ...jobs, ...crowd.counts(), running: crowd.running() };
}

async function readPauseAndWhom(connection: Connection, keys: Keys): Promise<Overview['pause']> {
  const pause = await readPause(connection, keys);
  return { ...pause, unpausable: pause.paused ? await findUnpausable(connection, keys) : [] };
}

async function readFailures(connection: Connection, keys: Keys, most: number): Promise<Failures> {
  const list = new FailedList(connection, keys);
  const total = await list.length();
  if (most === 0) return { total, looked: 0, groups: [] };
  const { seen, groups } = await countFailed(list, { most });
  return { total, looked: seen, groups };
}
