/**
 * The settings and connections of a program that imports 'tsworker': goworker's package-level state. It is stored on
 * globalThis, since a job module may import another copy of the package than the one that runs it.
 */

import type { Logger } from 'pino';
import type { UserConfig } from '../config/define.js';
import { resolveSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import type { ClassPolicies } from '../job-modules/class-policies.js';
import type { Layer } from '../middleware.js';
import type { Connection, RedisClient } from '../redis/connection.js';
import type { OwnConnection } from '../worker/types.js';

/** goworker's WorkerSettings in camelCase; every key is optional. */
export interface WorkSettings extends UserConfig {
  /**
   * A node-redis client (5 or newer); takes precedence over `uri`. The worker uses a duplicate of it and never closes
   * the client itself. Heartbeats then share the event loop with the jobs.
   */
  readonly redis?: RedisClient;
  /** Stops the worker when it aborts, like a first TERM: goworker's context. */
  readonly signal?: AbortSignal;
  /** A pino logger to use instead of the worker's own. */
  readonly logger?: Logger;
  /**
   * Whether process signals stop and pause the worker, and uncaught errors fail the job that caused them. Default true,
   * as in goworker; false for a program with its own handlers.
   */
  readonly handleSignals?: boolean;
}

export interface Program {
  settings: WorkSettings;
  /** The middleware in these settings. */
  middleware: readonly Layer[];
  /** The options of classes in these settings. */
  classes: ClassPolicies | undefined;
  /** The middleware of a class, while a worker in this process has its job modules loaded. */
  middlewareOf: ((className: string) => readonly Layer[]) | undefined;
  /** The log of that worker. */
  log: Logger | undefined;
  /** Opened by init() or the first enqueue(), closed by close(). */
  own: Connection | undefined;
  opening: Promise<Connection> | undefined;
  /** A worker runs in this process; there is at most one at a time. */
  busy: boolean;
  /** The settings of that worker, set before it loads its job modules. */
  workerSettings: Settings | undefined;
  /** The connection of that worker, while it has one. */
  working: OwnConnection | undefined;
  /** That worker was paused by a signal. */
  paused: boolean;
  /** Aborts when the worker begins to shut down. */
  begun: AbortController;
}

const SLOT = Symbol.for('tsworker.program');

export function program(): Program {
  const shared = globalThis as typeof globalThis & { [SLOT]?: Program };
  shared[SLOT] ??= {
    settings: {},
    middleware: [],
    classes: undefined,
    middlewareOf: undefined,
    log: undefined,
    own: undefined,
    opening: undefined,
    busy: false,
    workerSettings: undefined,
    paused: false,
    working: undefined,
    begun: new AbortController(),
  };
  return shared[SLOT];
}

/** The settings of the worker in this process, if there is one: jobs enqueue to the Redis that they come from. */
export function settingsInForce(): Settings {
  const { workerSettings, settings } = program();
  return workerSettings ?? resolveSettings(configOf(settings), { queuesRequired: false }).settings;
}

/** The settings that are plain data. */
export function configOf({
  redis: _r,
  signal: _s,
  logger: _l,
  handleSignals: _h,
  middleware: _m,
  classes: _c,
  ...config
}: WorkSettings): UserConfig {
  return config;
}
