/**
 * The state of a worker process that its records do not show: paused by a signal, blocked, draining, reloading. Both
 * the writer and the readers of its format are here: the hash `tsworker:states`, `<label>:<pid>` → a JSON object. A
 * process that works normally has no entry.
 */

import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { serverTimeMs } from '../clock.js';
import { type Identity, keysOf, processName } from '../identity.js';
import { scan } from '../scan.js';

export interface ProcessState {
  /** Paused by SIGUSR2, until SIGCONT. */
  readonly paused: boolean;
  /** Since when a job has blocked its event loop, by Redis' clock in ms. Its heartbeats continue meanwhile. */
  readonly blockedSince?: number | undefined;
  /** It claims no more jobs, and exits when the running ones have ended: it is replaced, or the worker shuts down. */
  readonly draining: boolean;
  /** A reload is running: `replaced` of `total` processes are replaced. */
  readonly reload?: { readonly replaced: number; readonly total: number } | undefined;
}

/** An entry in Redis. */
interface Entry extends ProcessState {
  /** The second, by Redis' clock, at which the entry expires unless its process renews it. */
  readonly until: number;
}

/** The normal state, which has no entry. */
export const WORKING: ProcessState = { paused: false, draining: false };

/** A state as its process knows it: with the duration of a block, by its own clock. */
export type OwnState = Omit<ProcessState, 'blockedSince'> & { readonly blockedForMs?: number | undefined };

function isWorking({ paused, draining, reload, blockedForMs }: OwnState): boolean {
  return !paused && !draining && reload === undefined && blockedForMs === undefined;
}

/**
 * Writes the entry, or removes it for the normal state. To be repeated at each heartbeat.
 * @param validMs milliseconds until the entry expires unless it is renewed
 */
export async function writeProcessState(
  connection: Connection,
  identity: Identity,
  state: OwnState,
  validMs: number,
): Promise<void> {
  const { states } = keysOf(identity);
  const name = processName(identity);
  if (isWorking(state)) {
    await connection.send(['HDEL', states, name]);
    return;
  }
  const { paused, draining, reload, blockedForMs } = state;
  const now = await serverTimeMs(connection);
  const blockedSince = blockedForMs === undefined ? undefined : Math.round(now - blockedForMs);
  const entry: Entry = { until: Math.ceil((now + validMs) / 1000), paused, draining, reload, blockedSince };
  await connection.send(['HSET', states, name, globals.JSON.stringify(entry)]);
}

/** Publishes the state of one process at each change, and again at each heartbeat. No call rejects. */
export class StatePublisher {
  readonly #write: (state: OwnState) => Promise<void>;
  #read: () => OwnState = () => WORKING;
  /** The last state that was written. */
  #written = globals.JSON.stringify(WORKING);
  #writing: Promise<void> | undefined;
  #changed = false;
  #stopped = false;

  constructor(connection: Connection, identity: Identity, validMs: number) {
    this.#write = (state) => writeProcessState(connection, identity, state, validMs);
  }

  /** @param read is called whenever the state is to be written */
  show(read: () => OwnState): void {
    this.#read = read;
    if (signature(read()) !== this.#written) this.#schedule();
  }

  /** Renews the entry; writes nothing for the normal state. */
  repeat(): void {
    const state = this.#read();
    if (!isWorking(state) || signature(state) !== this.#written) this.#schedule();
  }

  /** Nothing is written after this. Unregistering removes the entry. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  #schedule(): void {
    this.#changed = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#changed && !this.#stopped) {
      this.#changed = false;
      const state = this.#read();
      try {
        await this.#write(state);
        this.#written = signature(state);
      } catch {
        // Redis is unavailable: the next heartbeat writes it again.
      }
    }
  }
}

/** The part of a state whose changes are written at once: without the duration of a block. */
function signature({ blockedForMs, ...state }: OwnState): string {
  return globals.JSON.stringify({ ...state, blocked: blockedForMs === undefined ? undefined : true });
}

/** The states by `<label>:<pid>`, see `processOf`. Processes without one are {@link WORKING}. */
export async function readProcessStates(
  connection: Connection,
  keys: Pick<Keys, 'states'>,
): Promise<ReadonlyMap<string, ProcessState>> {
  const now = await serverTimeMs(connection);
  const states = new globals.Map<string, ProcessState>();
  for await (const [name, text] of scan(connection, ['HSCAN', keys.states], 2)) {
    const entry = parseEntry(text);
    if (entry === undefined || entry.until * 1000 < now) continue;
    const { until: _, ...state } = entry;
    states.set(name, state);
  }
  return states;
}

/** @returns undefined if the entry is invalid */
function parseEntry(text: string): Entry | undefined {
  const entry = parseObject(text);
  if (entry === undefined || !Number.isSafeInteger(entry.until)) return undefined;
  const reload = isObject(entry.reload) ? entry.reload : {};
  const { replaced, total } = reload;
  return {
    until: entry.until as number,
    paused: entry.paused === true,
    draining: entry.draining === true,
    blockedSince: isCount(entry.blockedSince) ? entry.blockedSince : undefined,
    reload: isCount(replaced) && isCount(total) ? { replaced, total } : undefined,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = globals.JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
