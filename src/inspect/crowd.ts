/** Counts all workers while they are read, and keeps only the few that are listed. Pure. */
import { serves } from '../queue-patterns.js';
import { sortedByName } from './natural-order.js';
import { heldBy, isNotable, Processes, type ProcessSeen, type ProcessStates, processName } from './processes.js';
import type { RunningJob, WorkerSeen } from './workers.js';

export interface HostSeen {
  readonly host: string;
  readonly workers: number;
  readonly working: number;
  readonly lost: number;
  /** goworker workers that may be dead or alive: counted as working or idle. */
  readonly unknown: number;
}

export interface WorkerCounts {
  readonly total: number;
  readonly working: number;
  readonly lost: number;
  readonly unknown: number;
  /** Idle, and able to claim a job. */
  readonly idle: number;
  /** Idle, in a process that is blocked by a job, paused by a signal, or draining. */
  readonly blocked: number;
  readonly paused: number;
  readonly draining: number;
}

export interface Running {
  readonly worker: string;
  readonly host: string;
  readonly job: RunningJob;
}

const NOBODY = { workers: 0, working: 0, lost: 0, unknown: 0 };

export class Crowd {
  readonly #most: number;
  readonly #hosts = new Map<string, HostSeen>();
  /** The number of workers for each list of queues; there are few different ones. */
  readonly #lists = new Map<string, { readonly queues: readonly string[]; workers: number }>();
  #running: Running[] = [];

  readonly #states: ProcessStates;
  readonly #processes: Processes;

  /** @param most the number of running jobs to keep */
  constructor(most: number, states: ProcessStates) {
    this.#most = most;
    this.#states = states;
    this.#processes = new Processes(states);
  }

  add(workers: readonly WorkerSeen[]): void {
    for (const worker of workers) {
      this.#hosts.set(worker.host, counted(this.#hosts.get(worker.host) ?? { host: worker.host, ...NOBODY }, worker));
      // goworker's poller is registered, and runs no jobs itself.
      if (worker.state !== 'lost' && worker.slot !== 'poller') this.#addList(worker.queues);
      // All others are only counted: there may be 100,000.
      if (worker.liveness === 'gone' || this.#states.has(processName(worker))) this.#processes.add(worker);
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

  counts(): {
    readonly hosts: readonly HostSeen[];
    readonly workers: WorkerCounts;
    readonly processes: readonly ProcessSeen[];
  } {
    const hosts = sortedByName(this.#hosts.values(), ({ host }) => host);
    const sum = (of: 'workers' | 'working' | 'lost' | 'unknown') => hosts.reduce((total, host) => total + host[of], 0);
    const [total, working, lost, unknown] = [sum('workers'), sum('working'), sum('lost'), sum('unknown')];
    const processes = this.#processes.all.filter(isNotable);
    const held = { blocked: 0, paused: 0, draining: 0 };
    for (const one of processes) {
      const by = heldBy(one);
      if (by !== undefined) held[by] += one.slots - one.working - one.lost;
    }
    const idle = total - working - lost - held.blocked - held.paused - held.draining;
    return { hosts, workers: { total, working, lost, unknown, idle, ...held }, processes };
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
