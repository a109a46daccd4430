/**
 * The registered workers of all programs: their ids, their jobs, their heartbeats. Reads thousands with few calls, in
 * batches. Does not prune: that is prune.ts.
 */
import type { Connection } from '../redis/connection.js';
import type { Liveness, Watch } from '../registry/processes/liveness.js';
import { readMachines } from '../registry/processes/processes.js';
import { judgeAll } from '../registry/recovery/find-dead.js';
import { scan } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { parseRecord } from '../resque/record.js';
import { batches, getAll, slices } from './batch.js';
import { type JobSeen, readJob } from './payload.js';
import { parseTime } from './time.js';
import { nameWithoutQueues, parseWorkerId, type WorkerName } from './worker-id.js';

/** lost: dead and still registered; the process that prunes it recovers its job. */
export type WorkerState = 'working' | 'idle' | 'lost';

export interface RunningJob extends JobSeen {
  readonly queue: string;
  /** When it was claimed, by the clock of the worker's machine. Milliseconds since the epoch. */
  readonly since: number | undefined;
}

export interface WorkerSeen extends WorkerName {
  readonly id: string;
  readonly state: WorkerState;
  readonly job: RunningJob | undefined;
  /** Its job has a claim token, so that it can be recovered safely, as tsworker's jobs have. */
  readonly ours: boolean;
  /** Why it is lost, or why that is unknown. */
  readonly liveness: Liveness;
  /** Its last heartbeat, by Redis' clock for Ruby and tsworker. Milliseconds since the epoch; undefined: it has none. */
  readonly heartbeatAt: number | undefined;
}

/** More fields of the registry about a worker. */
export interface WorkerDetails {
  readonly startedAt: number | undefined;
  readonly processed: number | undefined;
  readonly failed: number | undefined;
}

/** pruneAfterMs: as in the settings of a worker. */
export type WatchOptions = Omit<Watch, 'machines'>;

const BATCH = 500;

/** Every worker once, in no order. Workers that come or go meanwhile may be missing. */
export async function* walkWorkers(
  connection: Connection,
  keys: Keys,
  options: WatchOptions,
): AsyncGenerator<WorkerSeen[]> {
  const watch = await watchOf(connection, keys, options);
  const ids = eachOnce(scan(connection, ['SSCAN', keys.workers], 1));
  for await (const batch of batches(ids, BATCH)) yield await readBatch(connection, keys, batch, watch);
}

async function watchOf(connection: Connection, keys: Keys, options: WatchOptions): Promise<Watch> {
  return { ...options, machines: await readMachines(connection, keys) };
}

async function* eachOnce(found: AsyncIterable<string[]>): AsyncGenerator<string> {
  const seen = new Set<string>();
  for await (const [id] of found) {
    if (seen.has(id)) continue;
    seen.add(id);
    yield id;
  }
}

/** Does not check whether they are in the set of workers. */
export async function readWorkers(
  connection: Connection,
  keys: Keys,
  ids: readonly string[],
  options: WatchOptions,
): Promise<WorkerSeen[]> {
  const watch = await watchOf(connection, keys, options);
  const batch = await Promise.all([...slices(ids, BATCH)].map((some) => readBatch(connection, keys, some, watch)));
  return batch.flat();
}

async function readBatch(connection: Connection, keys: Keys, ids: readonly string[], watch: Watch) {
  const [records, beats] = await Promise.all([
    connection.send(['MGET', ...ids.map((id) => keys.worker(id))], { binary: true }),
    readBeats(connection, keys, ids),
  ]);
  const pairs = ids.map((id, i) => [id, beats[i]] as const);
  const judged = await judgeAll(connection, keys, pairs, watch);
  return ids.map((id, i): WorkerSeen => {
    const liveness = judged[i];
    const job = readRunningJob((records as (Buffer | null)[])[i]);
    const lost = liveness === 'gone' || liveness === 'expired';
    const state = lost ? 'lost' : job === undefined ? 'idle' : 'working';
    const { seen, ours = false } = job ?? {};
    return { id, ...parseWorkerId(id), state, job: seen, ours, liveness, heartbeatAt: beats[i] };
  });
}

export interface Found {
  /** A worker with exactly this id exists. */
  readonly exact: boolean;
  /** Ids that begin with it. */
  readonly beginning: readonly string[];
  /** Other ids, for a suggestion; not all if there are thousands. */
  readonly near: readonly string[];
}

const MOST_NEAR = 1000;

export async function findWorkers(connection: Connection, keys: Keys, id: string): Promise<Found> {
  if (Number(await connection.send(['SISMEMBER', keys.workers, id])) === 1)
    return { exact: true, beginning: [], near: [] };
  const beginning: string[] = [];
  const near: string[] = [];
  for await (const one of eachOnce(scan(connection, ['SSCAN', keys.workers], 1))) {
    if (one.startsWith(id)) beginning.push(one);
    else if (near.length < MOST_NEAR) near.push(one);
  }
  return { exact: false, beginning: beginning.sort(), near };
}

/** In the order of the ids. */
export async function readDetails(
  connection: Connection,
  keys: Keys,
  ids: readonly string[],
): Promise<WorkerDetails[]> {
  // node-resque's counters have the name without queues.
  const texts = await getAll(
    connection,
    ids.flatMap((id) => {
      const name = nameWithoutQueues(id);
      return [keys.started(id), ...[id, name].flatMap((one) => [keys.processedBy(one), keys.failuresOf(one)])];
    }),
  );
  return ids.map((_, i) => {
    const [started, processed, failed, processedByName, failedByName] = texts.slice(i * 5, i * 5 + 5);
    return {
      startedAt: parseTime(started),
      processed: toNumber(processed ?? processedByName),
      failed: toNumber(failed ?? failedByName),
    };
  });
}

function toNumber(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}

/** Resque's heartbeats, and node-resque's pings for workers without one. */
async function readBeats(connection: Connection, keys: Keys, ids: readonly string[]): Promise<(number | undefined)[]> {
  const texts = (await connection.send(['HMGET', keys.heartbeats, ...ids])) as (string | null)[];
  const silent = ids.filter((_, i) => texts[i] === null);
  const pings = await getAll(
    connection,
    silent.map((id) => keys.ping(nameWithoutQueues(id))),
  );
  const pingAt = new Map(silent.map((id, i) => [id, timeOfPing(pings[i])]));
  return ids.map((id, i) => (texts[i] === null ? pingAt.get(id) : parseTime(texts[i])));
}

/** `{"time":<seconds>,"name":"host:pid","queues":"q"}`. */
function timeOfPing(text: string | null): number | undefined {
  try {
    return text === null ? undefined : parseTime((JSON.parse(text) as { time?: unknown } | null)?.time);
  } catch {
    return undefined;
  }
}

/** Ruby writes `{}` or nothing if there is no job. An unreadable record counts as a job. */
function readRunningJob(raw: Buffer | null): { readonly seen: RunningJob; readonly ours: boolean } | undefined {
  if (raw === null || /^\s*(\{\s*\})?\s*$/.test(raw.toString('latin1', 0, 16))) return undefined;
  const record = parseRecord(raw);
  if (record === undefined) {
    const problem = 'its record cannot be read';
    const seen = { queue: '', since: undefined, class: '', enqueuedAt: undefined, problem, payload: raw.toString() };
    return { seen, ours: false };
  }
  const { queue, runAt, payload, token } = record;
  const ours = token !== undefined && queue !== '';
  const job = readJob(payload);
  // Other programs write other forms: node-resque's records contain {} if there are no arguments.
  const problem = ours || job.class === '' ? job.problem : undefined;
  return { seen: { queue, since: parseTime(runAt), ...job, problem }, ours };
}
