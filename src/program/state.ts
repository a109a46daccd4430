/**
 * What a program that imports 'tsworker' has set and opened: goworker's package-level state, in one place. It lives on
 * globalThis, since a job module may import a copy of the package that is not the one that runs it.
 */

import type { Logger } from 'pino';
import type { UserConfig } from '../config/define.js';
import { resolveSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import type { Connection, RedisClient } from '../redis/connection.js';
import type { OwnConnection } from '../worker/types.js';

/** goworker's WorkerSettings in camelCase; every key is optional. */
export interface WorkSettings extends UserConfig {
  /**
   * A ready node-redis client; wins over `uri`, and is not closed by us: the worker runs on a duplicate of it. Heartbeats
   * then share the event loop with the jobs.
   */
  readonly redis?: RedisClient;
  /** Stops the worker when it aborts, as a first TERM does: goworker's context. */
  readonly signal?: AbortSignal;
  /** A pino logger in place of the worker's own. */
  readonly logger?: Logger;
  /**
   * Whether process signals stop and pause the worker, and errors that nobody caught fail the job that caused them.
   * Default true, as in goworker; false for a program that has its own handlers.
   */
  readonly handleSignals?: boolean;
}

export interface Program {
  settings: WorkSettings;
  /** Opened by init() or the first enqueue(), closed by close(). */
  own: Connection | undefined;
  opening: Promise<Connection> | undefined;
  /** A worker runs in this process: there is one at a time. */
  busy: boolean;
  /** Its settings, from before it loads its job modules. */
  workerSettings: Settings | undefined;
  /** The connection of that worker, and how it is told of what was pushed. */
  working: OwnConnection | undefined;
  /** A signal keeps that worker from taking new jobs. */
  paused: boolean;
  /** Aborts when the worker begins to stop. */
  begun: AbortController;
}

const SLOT = Symbol.for('tsworker.program');

export function program(): Program {
  const shared = globalThis as typeof globalThis & { [SLOT]?: Program };
  shared[SLOT] ??= {
    settings: {},
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

/** Those of the worker of this process, where there is one: a job module enqueues to the Redis that it is run from. */
export function settingsInForce(): Settings {
  const { workerSettings, settings } = program();
  return workerSettings ?? resolveSettings(configOf(settings), { queuesRequired: false }).settings;
}

/** The part of the settings that a configuration file could hold too. */
export function configOf({
  redis: _r,
  signal: _s,
  logger: _l,
  handleSignals: _h,
  ...config
}: WorkSettings): UserConfig {
  return config;
}
