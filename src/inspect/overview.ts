/** Everything at a glance, as plain data: for `tsworker status`, and for whoever shows it in another way. */
import type { Connection } from '../redis/connection.js';
import { serverTimeMs } from '../registry/clock.js';
import type { Keys } from '../resque/keys.js';
import { type Delayed, readDelayed } from './delayed.js';
import { countFailed, type FailedGroup } from './failed/count.js';
import { FailedList } from './failed/list.js';
import { type Pause, readPause } from './pause.js';
import { listQueues, type QueueSeen } from './queues.js';
import { readStats, type Stats } from './stats.js';
import { serves } from './worker-id.js';
import { type JobInHand, type WorkerSeen, walkWorkers } from './workers.js';

export interface OverviewOptions {
  /** See WatchOptions in workers.ts. */
  readonly pruneAfterMs: number;
  /** Newest entries of the failed list that are sorted by class and exception; 0: only counted. */
  readonly failures: number;
  /** Jobs under way that are listed, the longest-running first. */
  readonly running: number;
}

export interface QueueServed extends QueueSeen {
  /** Workers that take its jobs. */
  readonly workers: number;
}

export interface HostSeen {
  readonly host: string;
  readonly workers: number;
  readonly working: number;
  readonly lost: number;
  /** goworker's that show no sign of life, and may live: counted as working or idle. */
  readonly unknown: number;
}

export interface Running {
  readonly worker: string;
  readonly host: string;
  readonly job: JobInHand;
}

export interface Overview {
  /** Redis' clock. Milliseconds. */
  readonly at: number;
  readonly pause: Pause;
  readonly stats: Stats;
  readonly queues: readonly QueueServed[];
  readonly delayed: Delayed | undefined;
  /** By name. */
  readonly hosts: readonly HostSeen[];
  /** All that are registered. */
  readonly workers: {
    readonly total: number;
    readonly working: number;
    readonly lost: number;
    readonly unknown: number;
  };
  readonly running: readonly Running[];
  readonly failures: Failures;
}

export interface Failures {
  /** Entries of the failed list. */
  readonly total: number;
  /** How many of them, the newest, were looked at. */
  readonly looked: number;
  /** By kind: queue, class, exception and message; the most frequent first. */
  readonly groups: readonly FailedGroup[];
}

export async function readOverview(connection: Connection, keys: Keys, options: OverviewOptions): Promise<Overview> {
  const at = await serverTimeMs(connection);
  const crowd = new Crowd(options.running);
  const everyone = async () => {
    for await (const batch of walkWorkers(connection, keys, { nowMs: at, ...options })) crowd.add(batch);
  };
  const [pause, stats, queues, delayed, failures] = await Promise.all([
    readPause(connection, keys),
    readStats(connection, keys),
    listQueues(connection, keys),
    readDelayed(connection, keys),
    readFailures(connection, keys, options.failures),
    everyone(),
  ]);
  const served = queues.map((queue) => ({ ...queue, workers: crowd.serving(queue.name) }));
  return { at, pause, stats, queues: served, delayed, ...crowd.counts(), running: crowd.running(), failures };
}

async function readFailures(connection: Connection, keys: Keys, most: number): Promise<Failures> {
  const list = new FailedList(connection, keys);
  const total = await list.length();
  if (most === 0) return { total, looked: 0, groups: [] };
  const { seen, groups } = await countFailed(list, { most });
  return { total, looked: seen, groups };
}

const NOBODY = { workers: 0, working: 0, lost: 0, unknown: 0 };

/** Counts workers as they come, and keeps only those few that are listed. */
class Crowd {
  readonly #most: number;
  readonly #hosts = new Map<string, HostSeen>();
  /** How many have exactly these queues: few differ. */
  readonly #lists = new Map<string, { readonly queues: readonly string[]; workers: number }>();
  #running: Running[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(workers: readonly WorkerSeen[]): void {
    for (const worker of workers) {
      this.#hosts.set(worker.host, counted(this.#hosts.get(worker.host) ?? { host: worker.host, ...NOBODY }, worker));
      // goworker's poller is registered, but runs no job itself.
      if (worker.state !== 'lost' && worker.slot !== 'poller') this.#addList(worker.queues);
      if (worker.job !== undefined) this.#running.push({ worker: worker.id, host: worker.host, job: worker.job });
    }
    this.#running = longest(this.#running, this.#most);
  }

  #addList(queues: readonly string[]): void {
    const list = queues.join();
    const known = this.#lists.get(list);
    if (known === undefined) this.#lists.set(list, { queues, workers: 1 });
    else known.workers++;
  }

  serving(queue: string): number {
    return [...this.#lists.values()].reduce((sum, list) => sum + (serves(list.queues, queue) ? list.workers : 0), 0);
  }

  counts(): Pick<Overview, 'hosts' | 'workers'> {
    const { compare } = new Intl.Collator('en', { numeric: true });
    const hosts = [...this.#hosts.values()].sort((a, b) => compare(a.host, b.host));
    const sum = (of: 'workers' | 'working' | 'lost' | 'unknown') => hosts.reduce((total, host) => total + host[of], 0);
    const workers = {
      total: sum('workers'),
      working: sum('working'),
      lost: sum('lost'),
      unknown: sum('unknown'),
    };
    return { hosts, workers };
  }

  running(): readonly Running[] {
    return this.#running;
  }
}

function counted(host: HostSeen, { state, liveness }: WorkerSeen): HostSeen {
  const { workers, working, lost, unknown } = host;
  return {
    ...host,
    workers: workers + 1,
    working: working + (state === 'working' ? 1 : 0),
    lost: lost + (state === 'lost' ? 1 : 0),
    unknown: unknown + (liveness === 'unknown' ? 1 : 0),
  };
}

function longest(running: readonly Running[], most: number): Running[] {
  const since = ({ job }: Running) => job.since ?? Number.POSITIVE_INFINITY;
  return [...running].sort((a, b) => since(a) - since(b)).slice(0, most);
}
