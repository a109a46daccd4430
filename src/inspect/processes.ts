/**
 * Groups workers by process, so that each process is shown once, with its state (paused, blocked, draining, reloading).
 * Pure.
 */

import { type ProcessState, WORKING } from '../registry/processes/process-state.js';
import { sortedByName } from './natural-order.js';
import type { WorkerDetails, WorkerSeen } from './workers.js';

export interface ProcessSeen {
  /** `host:pid`; the whole id if it has another form. */
  readonly name: string;
  readonly host: string;
  readonly pid: number | undefined;
  readonly queues: readonly string[];
  readonly slots: number;
  readonly working: number;
  readonly lost: number;
  /** From the first of its slots that is not alive. */
  readonly liveness: WorkerSeen['liveness'];
  readonly state: ProcessState;
  /** The latest heartbeat of its slots. */
  readonly heartbeatAt: number | undefined;
  /** The start of its longest-running job. */
  readonly since: number | undefined;
  /** The sum of its slots, if it was read. */
  readonly processed: number;
  readonly failed: number;
}

export type ProcessStates = ReadonlyMap<string, ProcessState>;

type Growing = { -readonly [K in keyof ProcessSeen]: ProcessSeen[K] };

/** Why its idle slots claim no jobs; undefined: they do. */
export function heldBy({ state }: Pick<ProcessSeen, 'state'>): 'blocked' | 'draining' | 'paused' | undefined {
  if (state.blockedSince !== undefined) return 'blocked';
  if (state.draining) return 'draining';
  return state.paused ? 'paused' : undefined;
}

/** Whether there is more to report than the number of busy slots. */
export function isNotable({ state, liveness }: Pick<ProcessSeen, 'state' | 'liveness'>): boolean {
  return heldBy({ state }) !== undefined || state.reload !== undefined || liveness === 'gone';
}

export function processName({ id, pid }: Pick<WorkerSeen, 'id' | 'pid' | 'host'>): string {
  return pid === undefined ? id : (/^[^:]+:\d+/.exec(id)?.[0] ?? id);
}

/** Groups workers while they are read. */
export class Processes {
  readonly #states: ProcessStates;
  readonly #all = new Map<string, Growing>();

  constructor(states: ProcessStates) {
    this.#states = states;
  }

  add(worker: WorkerSeen, { processed = 0, failed = 0 }: Partial<WorkerDetails> = {}): void {
    const name = processName(worker);
    let seen = this.#all.get(name);
    if (seen === undefined) {
      seen = this.#create(name, worker);
      this.#all.set(name, seen);
    }
    seen.slots++;
    if (worker.state === 'working') seen.working++;
    if (worker.state === 'lost') seen.lost++;
    if (seen.liveness === 'alive') seen.liveness = worker.liveness;
    seen.heartbeatAt = latest(seen.heartbeatAt, worker.heartbeatAt);
    seen.since = earliest(seen.since, worker.job?.since);
    seen.processed += processed;
    seen.failed += failed;
  }

  /** By name. */
  get all(): readonly ProcessSeen[] {
    return sortedByName(this.#all.values(), ({ name }) => name);
  }

  #create(name: string, { host, pid, queues }: WorkerSeen): Growing {
    return {
      ...{ name, host, pid, queues, slots: 0, working: 0, lost: 0, liveness: 'alive' },
      ...{ state: this.#states.get(name) ?? WORKING, heartbeatAt: undefined, since: undefined },
      ...{ processed: 0, failed: 0 },
    };
  }
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
