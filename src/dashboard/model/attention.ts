/** What an operator should look at first, from a snapshot alone. Pure: what is found, not how it is shown. */
import type { Rise } from '../failures/summary.js';
import type { QueueRow, Snapshot, WorkerRow } from './snapshot.js';

export type Finding =
  | { readonly kind: 'failing'; readonly failure: Rise }
  | { readonly kind: 'paused'; readonly text: string }
  | { readonly kind: 'queue-paused'; readonly queue: string; readonly jobs: number }
  | { readonly kind: 'nobody'; readonly queue: string; readonly jobs: number }
  | { readonly kind: 'slow'; readonly queue: string; readonly waitsMs: number }
  | { readonly kind: 'unreadable'; readonly queue: string; readonly problem: string }
  | { readonly kind: 'quarantined'; readonly queue: string; readonly jobs: number }
  | {
      readonly kind: 'lost';
      readonly worker: string;
      readonly job: string | undefined;
      readonly silentMs: number | undefined;
    }
  | { readonly kind: 'more-lost'; readonly workers: number }
  | { readonly kind: 'blocked'; readonly process: string; readonly forMs: number }
  | { readonly kind: 'no-scheduler'; readonly overdueMs: number }
  | { readonly kind: 'memory'; readonly used: number; readonly limit: number; readonly policy: string }
  | { readonly kind: 'evicted'; readonly keys: number; readonly policy: string };

/** The job at the head of a queue waits too long. */
const SLOW_MS = 5 * 60_000;
/** A scheduler looks every few seconds. */
const OVERDUE_MS = 30_000;
const NEARLY_FULL = 0.9;
/** Of each kind; the rest is on the page of its own. */
const MOST = 5;

/** @param rises kinds of failures, as far as they are known */
export function findings(snapshot: Snapshot, now: number, rises: readonly Rise[] = []): readonly Finding[] {
  return [
    ...rises.slice(0, MOST).map((failure) => ({ kind: 'failing' as const, failure })),
    ...ofPause(snapshot),
    ...ofQueues(snapshot, now),
    ...ofWorkers(snapshot, now),
    ...ofDelayed(snapshot, now),
    ...ofHealth(snapshot),
  ];
}

function ofPause({ figures }: Snapshot): Finding[] {
  return figures?.pause.paused ? [{ kind: 'paused', text: figures.pause.text }] : [];
}

function ofQueues({ queues, workers }: Snapshot, now: number): Finding[] {
  if (queues === undefined) return [];
  const waiting = [...queues.rows].filter((row) => (row.size ?? 0) > 0).sort((a, b) => (b.size ?? 0) - (a.size ?? 0));
  const isServed = ({ name }: QueueRow) => workers === undefined || workers.serving(name) > 0;
  const jobs = ({ size }: QueueRow) => size ?? 0;
  const head = (row: QueueRow) => (row.headAt === undefined ? 0 : now - row.headAt);
  const paused = waiting.filter(({ pause }) => pause !== undefined);
  const open = waiting.filter(({ pause }) => pause === undefined);
  return [
    ...some(paused).map((row) => ({ kind: 'queue-paused' as const, queue: row.name, jobs: jobs(row) })),
    ...firstOf(open, (row) => !isServed(row)).map((row) => ({
      kind: 'nobody' as const,
      queue: row.name,
      jobs: jobs(row),
    })),
    ...some(open.filter((row) => head(row) > SLOW_MS && isServed(row))).map((row) => {
      return { kind: 'slow' as const, queue: row.name, waitsMs: head(row) };
    }),
    ...some(queues.rows.filter(({ headProblem }) => headProblem !== undefined)).map((row) => {
      return { kind: 'unreadable' as const, queue: row.name, problem: row.headProblem as string };
    }),
    ...some(queues.rows.filter(({ quarantined }) => quarantined > 0)).map((row) => {
      return { kind: 'quarantined' as const, queue: row.name, jobs: row.quarantined };
    }),
  ];
}

function ofWorkers({ workers }: Snapshot, now: number): Finding[] {
  if (workers === undefined) return [];
  const lost = workers.counts.lost === 0 ? [] : workers.rows.filter(({ state }) => state === 'lost');
  // Those with a job first: it waits until somebody recovers it.
  const shown = some([...lost].sort((a, b) => Number(b.job !== undefined) - Number(a.job !== undefined)));
  const ofLost = ({ id, job, heartbeatAt }: WorkerRow): Finding => {
    return { kind: 'lost', worker: id, job: job?.class, silentMs: heartbeatAt && now - heartbeatAt };
  };
  const blocked = workers.processes.filter(({ state }) => state.blockedSince !== undefined);
  return [
    ...shown.map(ofLost),
    ...(lost.length > shown.length ? [{ kind: 'more-lost' as const, workers: lost.length - shown.length }] : []),
    ...some(blocked).map(({ name, state }) => {
      return { kind: 'blocked' as const, process: name, forMs: now - (state.blockedSince ?? now) };
    }),
  ];
}

function ofDelayed({ figures }: Snapshot, now: number): Finding[] {
  if (figures?.delayedNextAt === undefined) return [];
  const overdueMs = now - figures.delayedNextAt;
  return overdueMs > OVERDUE_MS ? [{ kind: 'no-scheduler', overdueMs }] : [];
}

function ofHealth({ health }: Snapshot): Finding[] {
  if (health === undefined) return [];
  const { usedMemory: used, maxMemory: limit, policy, evicted } = health;
  return [
    ...(limit > 0 && used > limit * NEARLY_FULL ? [{ kind: 'memory' as const, used, limit, policy }] : []),
    ...(evicted > 0 && policy !== 'noeviction' ? [{ kind: 'evicted' as const, keys: evicted, policy }] : []),
  ];
}

function some<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, MOST);
}

/** Looks no further than it has to: there may be 10,000. */
function firstOf<T>(all: readonly T[], matches: (one: T) => boolean): T[] {
  const found: T[] = [];
  for (const one of all) {
    if (found.length >= MOST) break;
    if (matches(one)) found.push(one);
  }
  return found;
}
