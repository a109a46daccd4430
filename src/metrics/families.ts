/**
 * The table of all exported metrics: for /metrics, the documentation and the tests of the Grafana dashboard.
 */

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly bounds?: readonly number[];
}

/** From jobs of less than a millisecond to reports that take half an hour. */
export const DURATION_BOUNDS = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
] as const;
/** A job may wait for a day. */
export const WAIT_BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400] as const;
export const LAG_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30] as const;

const JOB = ['queue', 'class'] as const;
const PROCESS = ['process'] as const;

export const FAMILIES = {
  tsworker_jobs_total: {
    type: 'counter',
    help: 'Jobs whose outcome Redis has counted: done, failed, retried (failed, and runs again), discarded (by its own decision), or requeued (put back, or recovered from a dead worker).',
    labels: [...JOB, 'outcome'],
  },
  tsworker_job_duration_seconds: {
    type: 'histogram',
    help: 'How long jobs ran that were done or failed.',
    labels: JOB,
    bounds: DURATION_BOUNDS,
  },
  tsworker_job_wait_seconds: {
    type: 'histogram',
    help: 'From enqueueing to the start of the job, where the payload says when it was enqueued.',
    labels: ['queue'],
    bounds: WAIT_BOUNDS,
  },
  tsworker_jobs_fenced_total: {
    type: 'counter',
    help: 'Jobs that ended after somebody had taken their worker for dead: nothing was counted.',
    labels: PROCESS,
  },
  tsworker_slots: { type: 'gauge', help: 'Jobs that can run at once.', labels: PROCESS },
  tsworker_busy_slots: { type: 'gauge', help: 'Jobs that run.', labels: PROCESS },
  tsworker_claim_calls_total: {
    type: 'counter',
    help: 'Calls to Redis that report finished jobs and claim new ones.',
    labels: PROCESS,
  },
  tsworker_empty_claims_total: {
    type: 'counter',
    help: 'Claim calls that asked for jobs and got none.',
    labels: PROCESS,
  },
  tsworker_redis_reconnects_total: {
    type: 'counter',
    help: 'Connections to Redis that were lost and made again.',
    labels: PROCESS,
  },
  tsworker_event_loop_lag_seconds: {
    type: 'histogram',
    help: 'How late a timer fires that is due every 100 ms: how long jobs keep the thread from everything else.',
    labels: PROCESS,
    bounds: LAG_BOUNDS,
  },
  tsworker_silent_seconds: {
    type: 'gauge',
    help: 'Since the process last reported, which it does every second unless a job blocks it.',
    labels: PROCESS,
  },
  tsworker_resident_memory_bytes: { type: 'gauge', help: 'Memory of the process (RSS).', labels: PROCESS },
  tsworker_paused: {
    type: 'gauge',
    help: '1 while a signal (USR2) keeps all processes from taking new jobs.',
    labels: [],
  },
  tsworker_blocked_processes: {
    type: 'gauge',
    help: 'Child processes that do not answer: a job blocks their event loop, and they take no other.',
    labels: [],
  },
  tsworker_draining_processes: {
    type: 'gauge',
    help: 'Processes that take no new jobs and leave when their running jobs have ended.',
    labels: [],
  },
  tsworker_reloading: { type: 'gauge', help: '1 while a reload is under way.', labels: [] },
  tsworker_child_restarts_total: {
    type: 'counter',
    help: 'Child processes that were replaced: death, blocked (by a job beyond its limit), max-rss, reload.',
    labels: ['reason'],
  },
  tsworker_recovered_jobs_total: {
    type: 'counter',
    help: 'Jobs of dead workers, its own and others, that this one recovered: requeued, quarantined, failed, or poison_pill.',
    labels: ['outcome'],
  },
  tsworker_redis_up: {
    type: 'gauge',
    help: '1 when Redis answered this scrape; without it the metrics about Redis below are absent.',
    labels: [],
  },
  tsworker_queue_jobs: { type: 'gauge', help: 'Jobs that stand in the queue.', labels: ['queue'] },
  tsworker_quarantined: {
    type: 'gauge',
    help: 'Jobs of the queue that wait in its quarantine, since two processes died while they ran.',
    labels: ['queue'],
  },
  tsworker_retrying: {
    type: 'gauge',
    help: 'Jobs of the queue that failed and wait to run again.',
    labels: ['queue'],
  },
  tsworker_queue_paused: {
    type: 'gauge',
    help: '1 while the queue is paused (tsworker queues pause): no job of it starts.',
    labels: ['queue'],
  },
  tsworker_queue_head_age_seconds: {
    type: 'gauge',
    help: 'How long the next job of the queue has waited, where its payload says when it was enqueued.',
    labels: ['queue'],
  },
  tsworker_resque_processed_total: {
    type: 'counter',
    help: "Redis' own count (stat:processed), by all workers of the namespace.",
    labels: [],
  },
  tsworker_resque_failed_total: {
    type: 'counter',
    help: "Redis' own count (stat:failed), by all workers of the namespace.",
    labels: [],
  },
  tsworker_retried_total: {
    type: 'counter',
    help: "Redis' own count of runs that failed and are tried again, by all workers of the namespace.",
    labels: [],
  },
  tsworker_scheduled_total: {
    type: 'counter',
    help: "Redis' own count of the jobs that a schedule enqueued, by all workers of the namespace.",
    labels: [],
  },
  tsworker_failed_list_jobs: { type: 'gauge', help: 'Entries in the list of failed jobs.', labels: [] },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof FAMILIES;

/** The label value for unknown names: a payload may contain any text, which must not create a series. */
export const UNKNOWN = 'unknown';
