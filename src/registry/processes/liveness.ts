/**
 * Whether a worker is alive: one rule for pruning and for the commands that only show it. Pure.
 *
 * A tsworker process that is gone from its machine is dead at once. An old heartbeat means death for every program but
 * goworker, whose workers send one heartbeat at their start, so that it grows old while they live. They are dead when
 * their process is gone, or when they also claimed their job so long ago that it can hardly be running any more.
 */
import type { ClaimRecord } from '../../resque/record.js';
import { parseHeartbeat } from '../clock.js';
import { processOf } from '../identity.js';

/**
 * gone: the process does not run on this machine any more; expired: the heartbeat is too old; unknown: a goworker worker
 * without a sign of life, which may be alive.
 */
export type Liveness = 'alive' | 'gone' | 'expired' | 'unknown';

/** What is known of the processes and this machine. */
export interface Machines {
  /** `<label>:<pid>` of tsworker processes that did not unregister. */
  readonly ours: ReadonlySet<string>;
  /** Those of `ours` that ran on this machine and are gone. */
  readonly gone: ReadonlySet<string>;
  /** The name of this machine, as goworker writes it. */
  readonly hostname: string;
  /** All pids in use on this machine, in any pid namespace; undefined if they cannot be determined. */
  readonly pids: () => ReadonlySet<number> | undefined;
}

export interface Watch {
  /** By Redis' clock. */
  readonly nowMs: number;
  readonly pruneAfterMs: number;
  readonly machines: Machines;
}

/** What else the registry contains for a worker. */
export interface OtherSigns {
  /** `worker:W:started`. */
  readonly started: string | null;
  readonly record: ClaimRecord | undefined;
}

/** A goworker job may run for this many times -prune-after before its worker counts as dead. */
const PATIENCE = 12;

/** @returns undefined if the worker may be goworker's: {@link judgeGoworker} decides, with more data */
export function judge(id: string, beatMs: number | undefined, watch: Watch): Liveness | undefined {
  const { nowMs, pruneAfterMs, machines } = watch;
  const name = processOf(id);
  if (machines.gone.has(name)) return 'gone';
  if (beatMs === undefined || nowMs - beatMs <= pruneAfterMs) return 'alive';
  return isGoworkerForm(id) && !machines.ours.has(name) ? undefined : 'expired';
}

/** The liveness of a worker that {@link judge} cannot decide. */
export function judgeGoworker(id: string, beatMs: number, { started, record }: OtherSigns, watch: Watch): Liveness {
  if (isOurStart(started) || record?.token !== undefined) return 'expired';
  const runAt = record === undefined ? undefined : parseHeartbeat(record.runAt);
  // It has sent heartbeats after its start, so it is not goworker's, and an old one means death.
  if (runAt !== undefined && beatMs > runAt) return 'expired';
  if (isProcessGone(id, watch.machines)) return 'gone';
  const tooOld = watch.nowMs - PATIENCE * watch.pruneAfterMs;
  return runAt !== undefined && runAt < tooOld && beatMs < tooOld ? 'expired' : 'unknown';
}

/** `<host>:<pid>-<slot>:<queues>`, which is also tsworker's format. */
export function isGoworkerForm(id: string): boolean {
  return /^[^:]+:\d+-(\d+|poller):./.test(id);
}

/** Whether tsworker wrote it: goworker's `worker:W:started` is in Go's debug format, and only exists during a job. */
export function isOurStart(started: string | null | undefined): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/.test(started ?? '');
}

function isProcessGone(id: string, { hostname, pids }: Machines): boolean {
  const [, host, pid] = /^([^:]+):(\d+)-/.exec(id) ?? [];
  return host === hostname && pids()?.has(Number(pid)) === false;
}
