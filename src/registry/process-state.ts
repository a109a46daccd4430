/**
 * What a worker process does that its records do not show: it is paused by a signal, it does not answer, it drains, it
 * is part of a reload. Writer and readers of that are here, so that nobody else knows how it stands in Redis: the hash
 * `tsworker:states`, `<label>:<pid>` → a JSON object. Most processes have nothing to say, and then no entry.
 */
import type { Connection } from '../redis/connection.js';
import { createKeys } from '../resque/keys.js';
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

/**
 * Says it, or takes back what was said. To be repeated at each heartbeat.
 * @param state `blockedForMs` in place of `blockedSince`: the clock is Redis' own
 * @param validMs from when on nobody believes it any more, unless it is said again
 */
export async function writeProcessState(
  connection: Connection,
  identity: Identity,
  state: Omit<ProcessState, 'blockedSince'> & { readonly blockedForMs?: number | undefined },
  validMs: number,
): Promise<void> {
  const { states } = keysOf(identity);
  const name = processName(identity);
  const { paused, draining, reload, blockedForMs } = state;
  if (!paused && !draining && reload === undefined && blockedForMs === undefined) {
    await connection.send(['HDEL', states, name]);
    return;
  }
  const now = await serverTimeMs(connection);
  const blockedSince = blockedForMs === undefined ? undefined : Math.round(now - blockedForMs);
  const entry: Entry = { until: Math.ceil((now + validMs) / 1000), paused, draining, reload, blockedSince };
  await connection.send(['HSET', states, name, JSON.stringify(entry)]);
}

/** By `<label>:<pid>`, which is what `processOf` gives for a worker id. Who is not in it is {@link WORKING}. */
export async function readProcessStates(
  connection: Connection,
  namespace: string,
): Promise<ReadonlyMap<string, ProcessState>> {
  const now = await serverTimeMs(connection);
  const states = new Map<string, ProcessState>();
  for await (const [name, text] of scan(connection, ['HSCAN', createKeys(namespace).states], 2)) {
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
    const value: unknown = JSON.parse(text);
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
