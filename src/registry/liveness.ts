/**
 * Whether a worker lives, from the signs that it gives: one rule for those who prune and those who only look. Pure.
 *
 * A process of ours that is gone from its machine is dead at once, and an old heartbeat is a death for every program but
 * goworker: its workers beat once, when they start, so theirs grows old while they live. They are dead when their process is
 * gone, or when they took their job so long ago, too, that it can hardly run any more.
 */
import type { ClaimRecord } from '../resque/record.js';
import { parseHeartbeat } from './clock.js';
import { processOf } from './identity.js';

/**
 * gone: its process runs no more on this machine; expired: its heartbeat is old; unknown: it is goworker's, shows no sign of
 * life, and may live.
 */
export type Liveness = 'alive' | 'gone' | 'expired' | 'unknown';

/** What is known of the processes. */
export interface Machines {
  /** `<label>:<pid>` of tsworker processes that did not unregister. */
  readonly ours: ReadonlySet<string>;
  /** Of these, the ones that ran on this machine and are gone. */
  readonly gone: ReadonlySet<string>;
  /** This machine, as goworker names it. */
  readonly hostname: string;
  /** Every pid that is used on this machine, in any namespace; undefined where that cannot be told. */
  readonly pids: () => ReadonlySet<number> | undefined;
}

export interface Watch {
  /** By Redis' clock. */
  readonly nowMs: number;
  readonly pruneAfterMs: number;
  readonly machines: Machines;
}

/** What else the registry holds of a worker. */
export interface OtherSigns {
  /** `worker:W:started`. */
  readonly started: string | null;
  readonly record: ClaimRecord | undefined;
}

/** How often -prune-after a job of goworker's may run before it is given up. */
const PATIENCE = 12;

/** @returns undefined where the worker may be goworker's: {@link judgeGoworker} needs to know more */
export function judge(id: string, beatMs: number | undefined, watch: Watch): Liveness | undefined {
  const { nowMs, pruneAfterMs, machines } = watch;
  const name = processOf(id);
  if (machines.gone.has(name)) return 'gone';
  if (beatMs === undefined || nowMs - beatMs <= pruneAfterMs) return 'alive';
  return isGoworkerForm(id) && !machines.ours.has(name) ? undefined : 'expired';
}

/** For whom {@link judge} cannot tell. */
export function judgeGoworker(id: string, beatMs: number, { started, record }: OtherSigns, watch: Watch): Liveness {
  if (isOurStart(started) || record?.token !== undefined) return 'expired';
  const runAt = record === undefined ? undefined : parseHeartbeat(record.runAt);
  // It did beat again after it had started: then that it no longer does is a sign.
  if (runAt !== undefined && beatMs > runAt) return 'expired';
  if (isProcessGone(id, watch.machines)) return 'gone';
  const tooOld = watch.nowMs - PATIENCE * watch.pruneAfterMs;
  return runAt !== undefined && runAt < tooOld && beatMs < tooOld ? 'expired' : 'unknown';
}

/** `<host>:<pid>-<slot>:<queues>`, which is also ours. */
export function isGoworkerForm(id: string): boolean {
  return /^[^:]+:\d+-(\d+|poller):./.test(id);
}

/** goworker's `worker:W:started` is in Go's debug format, and only there while a job runs. */
export function isOurStart(started: string | null | undefined): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/.test(started ?? '');
}

function isProcessGone(id: string, { hostname, pids }: Machines): boolean {
  const [, host, pid] = /^([^:]+):(\d+)-/.exec(id) ?? [];
  return host === hostname && pids()?.has(Number(pid)) === false;
}
