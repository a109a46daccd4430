/** The resolved settings, frozen. Only types. */

/** One queue, pattern or exclusion (`!low`), and its weight; in strict order every weight is 1. */
export interface WeightedQueue {
  readonly name: string;
  /** An integer of at least 1: how often the queue is checked, relative to the others. */
  readonly weight: number;
}

/** The queues to process, in the given order, each once. */
export interface QueuePlan {
  readonly queues: readonly WeightedQueue[];
  /** false: strict order. true: by weight. */
  readonly weighted: boolean;
  /** There are patterns or exclusions: the list is resolved with the queues that exist (see queue-patterns.ts). */
  readonly dynamic?: true;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
/** requeue: the job runs again; fail: it goes to the failed list, as in Resque. */
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
  /** The longest time between two checks of an idle worker. Seconds, more than 0. */
  readonly interval: number;
  /** The maximum number of running jobs in all processes: 1 to 100,000. */
  readonly concurrency: number;
  /** The number of child processes, which share the concurrency: 1 or more. */
  readonly processes: number;
  /** The maximum number of Redis connections of all processes together: 1 or more. */
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
  /** Paths of the client certificate and its key (PEM): both or none. */
  readonly tlsClientCertPath: string | undefined;
  readonly tlsClientKeyPath: string | undefined;
  readonly skipTLSVerify: boolean;
  /** The number of replicas that must confirm a claim before its job starts; 0: none. */
  readonly waitReplicas: number;
  /** The time limit of each wait for them. Seconds, more than 0. */
  readonly waitTimeout: number;
  /** Whether this process may move delayed jobs that are due to their queues. */
  readonly scheduler: 'on' | 'off';
  /** The prefix of resque-scheduler's master lock; '' for none. */
  readonly schedulerLockPrefix: string;
  /** The recurring jobs of the configuration; those of job modules come beside them. */
  readonly schedule: ScheduleSource | undefined;
  /** Names what publishes a schedule: its set replaces the one that it published before. */
  readonly app: string;
  /** Whether the entries that Ruby programs have added to their schedule are enqueued too. */
  readonly dynamicSchedule: boolean;
  /** How long `enqueue` waits for Redis before it rejects. Seconds, more than 0. */
  readonly enqueueTimeout: number;
  /** The first part of the worker ids, without `:` and `,`. */
  readonly label: string;
  /** Seconds that running jobs may continue after a stop signal; 0: no limit. */
  readonly grace: number;
  /** The time limit of a job in seconds, unless its class has its own; 0: no limit. */
  readonly timeout: number;
  /** The maximum number of runs of a job, unless its class has its own; 0 and 1: once. */
  readonly retry: number;
  /** Seconds between two heartbeats. */
  readonly heartbeat: number;
  /** A worker whose heartbeat is older is dead. Seconds, more than `heartbeat`. */
  readonly pruneAfter: number;
  /** What happens to the jobs in flight of a tsworker that died. */
  readonly onDead: OnDead;
  /** Absolute paths of directories or files with job modules. */
  readonly jobs: readonly string[];
  /** The `host:port` that serves health and metrics; undefined: none. */
  readonly http: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Log a line for each job that succeeds. */
  readonly logJobs: boolean;
}
