/** `tsworker status -json`: the overview for machines. Times are ISO 8601 or null, ages in seconds or null. */

import type { Running } from '../../../inspect/crowd.js';
import type { FailedGroup } from '../../../inspect/failed/count.js';
import type { Overview, QueueServed } from '../../../inspect/overview.js';
import type { ProcessSeen } from '../../../inspect/processes.js';
import { isoTime } from '../../json.js';
import type { Session } from '../../session.js';
import { pauseEntry } from '../queues/pause-format.js';
import { jobEntry, stateEntry } from '../workers/format.js';
import type { Rates } from './rates.js';

export function statusDocument(
  { at, pause, stats, queues, delayed, recurring, retrying, hosts, workers, processes, running, failures }: Overview,
  { uri, settings }: Pick<Session, 'uri' | 'settings'>,
  rates?: Rates,
): Readonly<Record<string, unknown>> {
  const { total, looked, groups } = failures;
  return {
    ...{ at: isoTime(at), uri, namespace: settings.namespace, paused: pause.paused, ...stats },
    ...(pause.paused ? { pauseIgnoredBy: pause.unpausable } : {}),
    ...(rates === undefined ? {} : { processedPerSecond: rates.processed, failedPerSecond: rates.failed }),
    queues: queues.map((queue) => queueEntry(queue, at, rates)),
    retrying,
    delayed: delayed === undefined ? null : { ...delayed, jobs: delayed.jobs ?? null, nextAt: isoTime(delayed.nextAt) },
    recurring: recurring === undefined ? null : { ...recurring, nextAt: isoTime(recurring.nextAt) },
    workers,
    hosts,
    processes: processes.map((one) => processEntry(one, at)),
    running: running.map((one) => runningEntry(one, at)),
    failures: { total, looked, groups: groups.map(groupEntry) },
  };
}

function queueEntry(
  { name, size = 0, headAt, quarantined, workers, pause }: QueueServed,
  now: number,
  rates: Rates | undefined,
) {
  const growth = rates === undefined ? {} : { growthPerSecond: rates.queues.get(name) ?? 0 };
  return { name, size, headAgeSeconds: age(headAt, now), quarantined, ...pauseEntry(pause), workers, ...growth };
}

function processEntry({ name, host, pid, slots, working, lost, liveness, state }: ProcessSeen, now: number) {
  return { process: name, host, pid: pid ?? null, slots, working, lost, liveness, ...stateEntry(state, now) };
}

function groupEntry({ first, last, ...group }: FailedGroup) {
  return { ...group, first: isoTime(first), last: isoTime(last) };
}

function runningEntry({ worker, host, job }: Running, now: number) {
  return { worker, host, ...jobEntry(job), forSeconds: age(job.since, now) };
}

function age(at: number | undefined, now: number): number | null {
  return at === undefined ? null : Math.max(0, (now - at) / 1000);
}
