/**
 * What a worker process does that its records do not show: it is paused by a signal, it does not answer, it drains, it
 * is part of a reload. Writer and readers of that are here, so that nobody else knows how it stands in Redis: the hash
 * `tsworker:states`, `<label>:<pid>` → a JSON object. Most processes have nothing to say, and then no entry.
 */

import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { serverTimeMs } from './clock.js';
import { type Identity, keysOf, processName } from './identity.js';
import { scan } from './scan.js';

export interface ProcessState {
  /** It claims nothing since SIGUSR2; SIGCONT ends that. */
  readonly paused: boolean;
  /** Since when a job keeps its event loop from answering, by Redis' clock in ms. Its heartbeats go on meanwhile. */
  readonly blockedSince?: number | undefined;
  /** It claims no more, and ends when its running jobs have: another process replaces it, or the worker shuts down. */
  readonly draining: boolean;
  /** Its supervisor replaces its processes by such as load the job modules anew; `replaced` of `total` are done. */
  readonly reload?: { readonly replaced: number; readonly total: number } | undefined;
}

/** An entry as it stands in Redis. */
interface Entry extends ProcessState {
  /** It says nothing any more from this second on, by Redis' clock: whoever wrote it is dead, or says it again. */
  readonly until: number;
}

/** What most processes are; it is shown by the absence of an entry. */
export const WORKING: ProcessState = { paused: false, draining: false };

/** A state as its process knows it: by its own clock, how long it has been blocked. */
export type OwnState = Omit<ProcessState, 'blockedSince'> & { readonly blockedForMs?: number | undefined };

function isWorking({ paused, draining, reload, blockedForMs }: OwnState): boolean {
  return !paused && !draining && reload === undefined && blockedForMs === undefined;
}

/**
 * Says it, or takes back what was said. To be repeated at each heartbeat.
 * @param validMs from when on nobody believes it any more, unless it is said again
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

/** Shows the state of one process: at each change, and again at each heartbeat. No call rejects. */
export class StatePublisher {
  readonly #write: (state: OwnState) => Promise<void>;
  #read: () => OwnState = () => WORKING;
  /** The last that was written. */
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

  /** Of a process that has nothing to say, nothing is written. */
  repeat(): void {
    const state = this.#read();
    if (!isWorking(state) || signature(state) !== this.#written) this.#schedule();
  }

  /** Nothing is written after this: who leaves the registry takes the entry out. */
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
        // Redis is away: the next heartbeat says it again.
      }
    }
  }
}

/** What of a state is worth writing at once: not that time goes by. */
function signature({ blockedForMs, ...state }: OwnState): string {
  return globals.JSON.stringify({ ...state, blocked: blockedForMs === undefined ? undefined : true });
}

/** By `<label>:<pid>`, which is what `processOf` gives for a worker id. Who is not in it is {@link WORKING}. */
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

/** @returns undefined for what this program did not write */
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
