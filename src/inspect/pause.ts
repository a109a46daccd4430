/** Resque's pause of all workers of a namespace. tsworker and Ruby Resque respect it; goworker and node-resque do not. */
import type { Connection } from '../redis/connection.js';
import { isDenied } from '../redis/permissions.js';
import { isGoworkerForm } from '../registry/processes/liveness.js';
import { scan } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { batches, getAll } from './batch.js';
import { nameWithoutQueues } from './worker-id.js';

export interface Pause {
  /** No worker that respects the pause claims a job. */
  readonly paused: boolean;
  /** The value; '' if there is none. Only `true` pauses. */
  readonly text: string;
}

/** A process that does not respect the pause. */
export interface Unpausable {
  readonly program: 'goworker' | 'node-resque';
  /** `<host>:<pid>`. */
  readonly process: string;
}

export async function readPause(connection: Connection, keys: Keys): Promise<Pause> {
  const text = ((await connection.send(['GET', keys.pause])) as string | null) ?? '';
  return { paused: text.trim().toLowerCase() === 'true', text };
}

/** @returns the state before */
export async function setPause(connection: Connection, keys: Keys, paused: boolean): Promise<Pause> {
  const before = await readPause(connection, keys);
  await connection.send(paused ? ['SET', keys.pause, 'true'] : ['DEL', keys.pause]);
  return before;
}

/** The registered processes that do not respect the pause, each once, by name. None if the ACL denies it. */
export async function findUnpausable(connection: Connection, keys: Keys): Promise<Unpausable[]> {
  try {
    const ours = new Set((await connection.send(['ZRANGE', keys.processes, '0', '-1'])) as string[]);
    const found = new Map<string, Unpausable>();
    for await (const ids of batches(registeredIds(connection, keys), 1000))
      for (const one of await unpausableOf(connection, keys, ids, ours)) found.set(one.process, one);
    return [...found.values()].sort((a, b) => (a.process < b.process ? -1 : 1));
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

async function* registeredIds(connection: Connection, keys: Keys): AsyncGenerator<string> {
  for await (const [id] of scan(connection, ['SSCAN', keys.workers], 1)) yield id;
}

async function unpausableOf(connection: Connection, keys: Keys, ids: readonly string[], ours: ReadonlySet<string>) {
  const goworkers: Unpausable[] = [];
  const others: string[] = [];
  for (const id of ids) {
    const process = nameWithoutQueues(id).replace(/-(\d+|poller)$/, '');
    if (!isGoworkerForm(id)) others.push(nameWithoutQueues(id));
    else if (!ours.has(process) && !OUR_LABEL.test(process)) goworkers.push({ program: 'goworker', process });
  }
  const pings = await getAll(connection, others.map(keys.ping));
  const nodes = others.filter((_, i) => pings[i] !== null).map(nodeResque);
  return [...goworkers, ...nodes];
}

/** The default label of tsworker. */
const OUR_LABEL = /\.ts(\.\d+)?:\d+$/;

function nodeResque(process: string): Unpausable {
  return { program: 'node-resque', process };
}
