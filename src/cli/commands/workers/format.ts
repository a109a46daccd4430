/** Formats a worker: its short name, and its entry for machines. */

import { duration } from '../../../format.js';
import type { ProcessSeen } from '../../../inspect/processes.js';
import type { RunningJob, WorkerDetails, WorkerSeen } from '../../../inspect/workers.js';
import type { ProcessState } from '../../../registry/processes/process-state.js';
import type { Call } from '../../command.js';
import { isoTime, verbatim } from '../../json.js';
import type { WorkersFlags } from './definition.js';

export type WorkersCall = Call<WorkersFlags>;

/** The id without the queues; the whole id if it has another form. */
export function nameOf({ id, pid }: Pick<WorkerSeen, 'id' | 'pid'>): string {
  return pid === undefined ? id : id.split(':', 2).join(':');
}

export function ageOf(at: number | undefined, now: number): string {
  return at === undefined ? '-' : `${duration(now - at)} ago`;
}

/** Details beside the state; '' if there are none. */
export function livenessText({ liveness }: Pick<WorkerSeen, 'liveness'>): string {
  if (liveness === 'gone') return 'its process is gone';
  return liveness === 'unknown' ? 'goworker: shows no sign of life' : '';
}

export function workerEntry(worker: WorkerSeen, details: WorkerDetails): Readonly<Record<string, unknown>> {
  const { id, host, pid = null, slot, queues, state, liveness, job, heartbeatAt } = worker;
  const { startedAt, processed, failed } = details;
  return {
    ...{ id, host, pid, slot, queues, state, liveness },
    job: job === undefined ? null : jobEntry(job),
    heartbeatAt: isoTime(heartbeatAt),
    startedAt: isoTime(startedAt),
    processed: processed ?? 0,
    failed: failed ?? 0,
  };
}

export function jobEntry({ queue, class: name, since, enqueuedAt, problem, payload }: RunningJob) {
  const times = { since: isoTime(since), enqueuedAt: isoTime(enqueuedAt) };
  return { queue, class: name, ...times, ...(problem === undefined ? {} : { problem }), payload: verbatim(payload) };
}

/** The published state of a process, for machines. */
export function stateEntry({ paused, draining, blockedSince, reload }: ProcessState, now: number) {
  const blockedSeconds = blockedSince === undefined ? null : Math.max(0, (now - blockedSince) / 1000);
  return { paused, draining, blockedSeconds, reload: reload ?? null };
}

/** The same for people, with its liveness; '' for a process that works normally. */
export function processText({ state, liveness }: Pick<ProcessSeen, 'state' | 'liveness'>, now: number): string {
  const { paused, draining, blockedSince, reload } = state;
  return [
    livenessText({ liveness }),
    blockedSince === undefined ? '' : `blocked for ${duration(now - blockedSince)}: a job holds its event loop`,
    draining ? 'draining' : '',
    paused ? 'paused' : '',
    reload === undefined ? '' : `reloading: ${reload.replaced} of ${reload.total} replaced`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}
