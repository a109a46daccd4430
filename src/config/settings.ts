/** The settings as the rest of the program sees them: resolved once, frozen. No reading, no parsing here. */

/** One queue and its weight; in strict order every weight is 1. */
export interface WeightedQueue {
  readonly name: string;
  /** A whole number, 1 or more: how often it is looked at, relative to the others. */
  readonly weight: number;
}

/** The queues to work, in the order given, each once. */
export interface QueuePlan {
  readonly queues: readonly WeightedQueue[];
  /** false: strict order, the first queue that has a job. true: by weight. */
  readonly weighted: boolean;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
/** requeue: it runs again; fail: to the failed list, as Resque does it. */
export type OnDead = 'requeue' | 'fail';
export type LogFormat = 'json' | 'pretty';

/** Recurring jobs as they were given; they are read where job modules are loaded (see recurring/). */
export type ScheduleSource =
  /** A schedule file of resque-scheduler. */
  | { readonly path: string; readonly name: string }
  /** Plain JSON. `origin` names the place for errors. */
  | { readonly entries: Readonly<Record<string, unknown>>; readonly origin: string };

/** Durations are in seconds, fractions allowed, as on the command line. */
export interface Settings {
  readonly queues: QueuePlan;
  /** How long an idle worker waits at most before it looks again. Seconds, more than 0. */
  readonly interval: number;
  /** Jobs at once in the whole daemon: 1 to 100,000. */
  readonly concurrency: number;
  /** Child processes, among which the concurrency is shared out: 1 or more. */
  readonly processes: number;
  /** Most Redis connections of the daemon, all its parts together: 1 or more. */
  readonly connections: number;
  /** A child process that uses more memory is replaced. Megabytes; 0: never. */
  readonly maxRss: number;
  readonly uri: string;
  readonly namespace: string;
  readonly exitOnComplete: boolean;
  readonly useNumber: boolean;
  readonly forcePrune: boolean;
  /** Path of a file with CA certificates (PEM). */
  readonly tlsCertPath: string | undefined;
  /** Paths of our own certificate and its key (PEM): both or none. */
  readonly tlsClientCertPath: string | undefined;
  readonly tlsClientKeyPath: string | undefined;
  readonly skipTLSVerify: boolean;
  /** Replicas that must have a claim before its job starts; 0: none. */
  readonly waitReplicas: number;
  /** How long they are waited for each time. Seconds, more than 0. */
  readonly waitTimeout: number;
  /** Whether this process may move delayed jobs that are due to their queues. */
  readonly scheduler: 'on' | 'off';
  /** As Ruby's resque-scheduler has it; '' for none. */
  readonly schedulerLockPrefix: string;
  /** The recurring jobs of the configuration; those of job modules come beside them. */
  readonly schedule: ScheduleSource | undefined;
  /** Names what publishes a schedule: its set replaces the one that it published before. */
  readonly app: string;
  /** Whether the entries that Ruby programs have added to their schedule are enqueued too. */
  readonly dynamicSchedule: boolean;
  /** How long `enqueue` waits for Redis before it rejects. Seconds, more than 0. */
  readonly enqueueTimeout: number;
  /** First part of the worker ids, without `:` and `,`. */
  readonly label: string;
  /** Seconds that running jobs get to end after a stop signal; 0: no limit. */
  readonly grace: number;
  /** Seconds that a job may take, unless its class has a limit of its own; 0: no limit. */
  readonly timeout: number;
  /** How often a job runs at most whose class does not say it, the first time counted; 0 and 1: once. */
  readonly retry: number;
  /** Seconds between two heartbeats. */
  readonly heartbeat: number;
  /** A worker whose heartbeat is older is dead. Seconds, more than `heartbeat`. */
  readonly pruneAfter: number;
  /** What happens to a job that was in flight in a dead tsworker worker. */
  readonly onDead: OnDead;
  /** Absolute paths of directories or files with job modules. */
  readonly jobs: readonly string[];
  /** Where health and metrics are served, as `host:port`; undefined: nowhere. */
  readonly http: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** A line for each job that succeeds. */
  readonly logJobs: boolean;
}
