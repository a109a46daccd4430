/** The shape of a configuration file, for people who write one. Types only, and the function that lends them. */
import type { QueuesInput } from './queues.js';
import type { LogFormat, LogLevel } from './settings.js';

/** Every key is optional: flags and TSWORKER_* variables come before the file, defaults after it. */
export interface UserConfig {
  /**
   * The queues to work: `'high=2,low=1'`, `['high', 'low']` (strict order) or `{ high: 2, low: 1 }` (weights).
   * No default: flag, environment or file must name at least one.
   */
  readonly queues?: QueuesInput;
  /** Seconds, fractions allowed, more than 0: how long an idle worker waits at most. Default 5. */
  readonly interval?: number;
  /** Jobs at once in the whole daemon, 1 to 100,000. Default 25. */
  readonly concurrency?: number;
  /** Most Redis connections of the daemon, all its parts together, 1 or more. Default 2. */
  readonly connections?: number;
  /**
   * `redis://user:pass@host:port/db`, `rediss://…` or `unix:///path/to/redis.sock?db=N`.
   * Default: `$($REDIS_PROVIDER)`, else `$REDIS_URL` (both come before this key), else `redis://localhost:6379/`.
   */
  readonly uri?: string;
  /** Prefix of every Redis key. Default `resque:`. */
  readonly namespace?: string;
  /** Leave with 0 when the queues are empty and all jobs have ended. Default false. */
  readonly exitOnComplete?: boolean;
  /** Large integers in arguments arrive exact, as bigint; false: plain JSON.parse. Default true. */
  readonly useNumber?: boolean;
  /** Also prune workers that have no heartbeat at all. Default false. */
  readonly forcePrune?: boolean;
  /** A file with CA certificates (PEM). Relative to the project: see `jobs`. Default: the system's. */
  readonly tlsCertPath?: string;
  /** Do not verify the Redis server's certificate. Default false. */
  readonly skipTLSVerify?: boolean;
  /** First part of the worker ids; no colon, comma or blank. Default: the host name and `.ts`. */
  readonly label?: string;
  /** Seconds that running jobs get to end after a stop signal; 0: no limit. Default 0. */
  readonly grace?: number;
  /** Seconds between two heartbeats, more than 0. Default 60, as Resque's. */
  readonly heartbeat?: number;
  /** Seconds without a heartbeat after which a worker is dead, more than `heartbeat`. Default 300, as Resque's. */
  readonly pruneAfter?: number;
  /**
   * Directories or files with job modules. Relative to the folder that the configuration file is in, or, where that
   * folder is called `config`, to the one above it. Default `./jobs`.
   */
  readonly jobs?: string | readonly string[];
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. Default `info`. */
  readonly logLevel?: LogLevel;
  /** `json` or `pretty`. Default: pretty on a terminal, else json. */
  readonly logFormat?: LogFormat;
}

/**
 * Gives a configuration file its types; returns what it gets.
 * @example
 * import { defineConfig } from 'tsworker';
 * export default defineConfig({ queues: { high: 2, low: 1 }, concurrency: 50 });
 */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
