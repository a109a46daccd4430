/** The types of a configuration file, and `defineConfig`. */
import type { ClassesInput } from '../class-options.js';
import type { MiddlewareInput } from '../middleware.js';
import type { ScheduleOptions } from '../recurring/entry.js';
import type { QueuesInput } from './queues.js';
import type { LogFormat, LogLevel, OnDead } from './settings.js';
import type { WebConfig } from './web.js';

/** A number of seconds, or text with a unit: `'500ms'`, `'20s'`, `'5m'`, `'1h'`. */
export type Seconds = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

/** All keys are optional. Flags and TSWORKER_* variables take precedence over the file. */
export interface UserConfig {
  /**
   * The queues to process: `'high=2,low=1'`, `['high', 'low']` (strict order) or `{ high: 2, low: 1 }` (weights).
   * No default: flag, environment or file must name at least one.
   */
  readonly queues?: QueuesInput;
  /** Seconds, fractions allowed, more than 0: the longest time between two checks of an idle worker. Default 5. */
  readonly interval?: Seconds;
  /** The maximum number of running jobs, 1 to 100,000, shared by all processes. Default 25. */
  readonly concurrency?: number;
  /** Child processes of `tsworker`, or `'auto'` for one for each core. Default 1. Not used by `work()`. */
  readonly processes?: number | 'auto';
  /** The maximum number of Redis connections of all processes together, 1 or more. Default: `processes` + 1. */
  readonly connections?: number;
  /** Megabytes of memory above which a child process is replaced; 0: never. Default 0. Not used by `work()`. */
  readonly maxRss?: number;
  /**
   * `redis://user:pass@host:port/db`, `rediss://…`, `unix:///path/to/redis.sock?db=N`,
   * `redis+sentinel://host:26379,host2:26379/mymaster/db` or `redis+cluster://host:6379,host2:6379`.
   * Default: `$($REDIS_PROVIDER)`, else `$REDIS_URL` (both come before this key), else `redis://localhost:6379/`.
   */
  readonly uri?: string;
  /** Prefix of every Redis key. Default `resque:`. */
  readonly namespace?: string;
  /** Exit with 0 when the queues are empty and all jobs have ended. Default false. */
  readonly exitOnComplete?: boolean;
  /** Decode integers that a number cannot hold exactly as bigint; false: plain JSON.parse. Default true. */
  readonly useNumber?: boolean;
  /** Also prune workers that have no heartbeat at all. Default false. */
  readonly forcePrune?: boolean;
  /** A file with CA certificates (PEM). Relative to the project: see `jobs`. Default: the system's. */
  readonly tlsCertPath?: string;
  /** A certificate (PEM) to show to the Redis server; needs `tlsClientKeyPath`. Relative to the project: see `jobs`. */
  readonly tlsClientCertPath?: string;
  /** The private key (PEM) of `tlsClientCertPath`. */
  readonly tlsClientKeyPath?: string;
  /** Do not verify the Redis server's certificate. Default false. */
  readonly skipTLSVerify?: boolean;
  /** The number of replicas that must confirm a claim before its job starts, and each result. Default 0. */
  readonly waitReplicas?: number;
  /** Seconds that each wait for `waitReplicas` may take until Redis counts as unavailable; more than 0, at most 10. Default 1. */
  readonly waitTimeout?: Seconds;
  /** Move delayed jobs that are due to their queues, if no other process does. Default 'on'. */
  readonly scheduler?: 'on' | 'off';
  /** RESQUE_SCHEDULER_MASTER_LOCK_PREFIX of Ruby's resque-scheduler, where one runs beside tsworker. Default none. */
  readonly schedulerLockPrefix?: string;
  /**
   * Recurring jobs: entries by name, or the path of a schedule file of resque-scheduler (YAML; relative: see `jobs`).
   * Job modules may declare more: `job({ cron })`.
   */
  readonly schedule?: string | Readonly<Record<string, ScheduleOptions>>;
  /** Names the application whose recurring jobs are published: those of its latest start count. Default: package.json's. */
  readonly app?: string;
  /** Also enqueue the recurring jobs that Ruby programs have added (`DYNAMIC_SCHEDULE`). Default false. */
  readonly dynamicSchedule?: boolean;
  /** Seconds that `enqueue` waits for Redis before it rejects; more than 0. Default 10. */
  readonly enqueueTimeout?: Seconds;
  /** First part of the worker ids; no colon, comma or blank. Default: the host name and `.ts`. */
  readonly label?: string;
  /** Seconds that running jobs may continue after a stop signal; 0: no limit. Default 0. */
  readonly grace?: Seconds;
  /** The time limit of a job in seconds, unless its class has its own; 0: no limit. Default 0. */
  readonly timeout?: Seconds;
  /** The maximum number of runs of a job, unless its class has its own (`retry`); 0 and 1: once. Default 0. */
  readonly retry?: number;
  /** Seconds between two heartbeats, more than 0. Default 60, as Resque's. */
  readonly heartbeat?: Seconds;
  /** Seconds without a heartbeat after which a worker is dead, more than `heartbeat`. Default 300, as Resque's. */
  readonly pruneAfter?: Seconds;
  /**
   * `requeue`: the job of a tsworker that died runs again; `fail`: it goes to the failed list, as in Resque. Default
   * `requeue`. A job whose process died three times within 72 hours goes to the failed list in any case.
   */
  readonly onDead?: OnDead;
  /**
   * Directories or files with job modules. Relative to the folder of the configuration file, or, if that folder
   * is called `config`, to the one above it. Default `./jobs`.
   */
  readonly jobs?: string | readonly string[];
  /**
   * Hooks around all jobs, made with `defineMiddleware`: one, or several, of which the first is the outermost. They are
   * outside of those in `_middleware.ts` files. Only in a file in TypeScript or JavaScript.
   */
  readonly middleware?: MiddlewareInput;
  /**
   * Options by class; `*` in a name stands for any text: `{ 'Reports::*': { retry: 5 } }`. They hold where neither the class
   * nor its module says otherwise; a name goes before patterns, and of these the first that matches counts. Only in a file in
   * TypeScript or JavaScript.
   */
  readonly classes?: ClassesInput;
  /**
   * Serves `/healthz`, `/readyz` and `/metrics`: a port of this machine's loopback, or `host:port` (`0.0.0.0:9090`,
   * `[::1]:9090`). There is no authentication. Default: nothing is served.
   */
  readonly http?: number | string;
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. Default `info`. */
  readonly logLevel?: LogLevel;
  /** `json` or `pretty`. Default: pretty on a terminal, else json. */
  readonly logFormat?: LogFormat;
  /** Log a line for each job that succeeds: class, queue, duration, arguments. Default: true on a terminal, else false. */
  readonly logJobs?: boolean;
  /** Of the dashboard: `tsworker web`. */
  readonly web?: WebConfig;
}

/**
 * Gives a configuration file its types; returns its argument.
 * @example
 * import { defineConfig } from 'tsworker';
 * export default defineConfig({ queues: { high: 2, low: 1 }, concurrency: 50 });
 */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
