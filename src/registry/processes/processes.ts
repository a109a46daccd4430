/** The live processes: a sorted set to count them, and a hash with the machine of each. */
import { hostname } from 'node:os';
import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { type Identity, keysOf, processName, processOf } from '../identity.js';
import { scan } from '../scan.js';
import type { Machines } from './liveness.js';
import { pidsOfMachine } from './machine-pids.js';
import { isGone, machineOf } from './process-fingerprint.js';

/** Adds or renews the entries of this process, which may have been removed if it was declared dead. */
export async function showProcess(connection: Connection, identity: Identity, nowMs: number): Promise<void> {
  const keys = keysOf(identity);
  const name = processName(identity);
  const machine = machineOf(identity.pid);
  const shown = [sendNamed(connection, ['ZADD', keys.processes, seconds(nowMs), name])];
  if (machine !== undefined)
    shown.push(sendNamed(connection, ['HSET', keys.machines, name, `${seconds(nowMs)} ${machine}`]));
  const failed = (await globals.Promise.allSettled(shown)).flatMap((end) =>
    end.status === 'rejected' ? [(end.reason as Error).message] : [],
  );
  if (failed.length > 0) throw new Error(failed.join('; '));
}

/** Adds the key to an error: a key of another type must be deleted by an operator. */
async function sendNamed(connection: Connection, [command, key, ...args]: readonly string[]): Promise<unknown> {
  try {
    return await connection.send([command, key, ...args]);
  } catch (error) {
    throw new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Removes all entries of processes. */
export async function hideProcesses(connection: Connection, identity: Identity, names: readonly string[]) {
  const keys = keysOf(identity);
  if (names.length === 0) return;
  const hidden = [
    ['ZREM', keys.processes],
    ['HDEL', keys.machines],
    ['HDEL', keys.states],
  ];
  // A key of another type has no entries of them.
  await globals.Promise.all(hidden.map((command) => connection.send([...command, ...names]).catch(ignoreWrongType)));
}

/** Notes that these were tsworker processes, where no entry says so: when their start is deleted, nothing else would. */
export async function noteOurs(connection: Connection, identity: Identity, names: readonly string[]): Promise<void> {
  const { machines } = keysOf(identity);
  const note = async (name: string) => {
    if (Number(await connection.send(['HEXISTS', machines, name])) === 0)
      await connection.send(['HSET', machines, name, '0']);
  };
  await globals.Promise.all(names.map((name) => note(name).catch(ignoreWrongType)));
}

export function ignoreWrongType(error: unknown): void {
  if (!String(error).includes('WRONGTYPE')) throw error;
}

/** @returns the number of live processes, after removing those without a recent heartbeat */
export async function countProcesses(connection: Connection, identity: Identity, deadBeforeMs: number) {
  const keys = keysOf(identity);
  const [, count] = await globals.Promise.all([
    sendNamed(connection, ['ZREMRANGEBYSCORE', keys.processes, '-inf', seconds(deadBeforeMs)]),
    sendNamed(connection, ['ZCARD', keys.processes]),
  ]);
  return Number(count);
}

/**
 * Removes the entries of processes that are silent and have no worker any more. As long as one has a heartbeat, the entry
 * stays: nothing else may show that it is tsworker's, since a pruner that died may have deleted its start.
 */
export async function forgetSilent(connection: Connection, identity: Identity, deadBeforeMs: number): Promise<void> {
  const keys = keysOf(identity);
  const silent = new globals.Set<string>();
  for (const [name, at] of await listMachines(connection, keys))
    if (!(Number(at) > Number(seconds(deadBeforeMs)))) silent.add(name);
  await forget(connection, identity, silent);
}

/** Removes the entries of these processes, except those of which a worker has a heartbeat: it may have registered again. */
export async function forget(connection: Connection, identity: Identity, names: Iterable<string>): Promise<void> {
  const without = new globals.Set(names);
  if (without.size === 0) return;
  const { heartbeats } = keysOf(identity);
  for await (const [id] of scan(connection, ['HSCAN', heartbeats], 2)) without.delete(processOf(id));
  await hideProcesses(connection, identity, [...without]);
}

/** All tsworker processes that have not unregistered, and which of them are gone from this machine. */
export async function readMachines(connection: Connection, keys: Pick<Keys, 'machines'>): Promise<Machines> {
  const ours = new globals.Set<string>();
  const gone = new globals.Set<string>();
  for (const [name, , machine] of await listMachines(connection, keys)) {
    ours.add(name);
    if (isGone(machine, Number(name.slice(name.lastIndexOf(':') + 1)))) gone.add(name);
  }
  return { ours, gone, hostname: hostname(), pids: once(pidsOfMachine) };
}

function once<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => {
    answer ??= { value: ask() };
    return answer.value;
  };
}

/** Name, time of the last beat in seconds, machine. */
async function listMachines(
  connection: Connection,
  { machines }: Pick<Keys, 'machines'>,
): Promise<[string, string, string][]> {
  const found: [string, string, string][] = [];
  for await (const [name, value] of scan(connection, ['HSCAN', machines], 2)) {
    const [at, ...machine] = value.split(' ');
    found.push([name, at, machine.join(' ')]);
  }
  return found;
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
