/**
 * What a program that imports 'tsworker' has set and opened: goworker's package-level state, in one place. It lives on
 * globalThis, since a job module may import a copy of the package that is not the one that runs it.
 */

import type { Settings } from '../config/settings.js';
import type { Connection } from '../redis/connection.js';
import type { OwnConnection } from '../worker/types.js';
import type { WorkSettings } from './library.js';

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
