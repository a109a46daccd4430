/** The processes that are alive: a sorted set for their number, a hash for where each of them runs. */
import { hostname } from 'node:os';
import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { type Identity, keysOf, processName } from './identity.js';
import type { Machines } from './liveness.js';
import { pidsOfMachine } from './machine-pids.js';
import { isGone, machineOf } from './process-fingerprint.js';
import { scan } from './scan.js';

/** Shows this process, or shows it again: whoever took it for dead took it out. */
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

/** An error names the key: where it is of another type, somebody must delete it. */
async function sendNamed(connection: Connection, [command, key, ...args]: readonly string[]): Promise<unknown> {
  try {
    return await connection.send([command, key, ...args]);
  } catch (error) {
    throw new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Whatever is kept of them. */
export async function hideProcesses(connection: Connection, identity: Identity, names: readonly string[]) {
  const keys = keysOf(identity);
  if (names.length === 0) return;
  const hidden = [
    ['ZREM', keys.processes],
    ['HDEL', keys.machines],
    ['HDEL', keys.states],
  ];
  // A key of another type holds nothing of them.
  await globals.Promise.all(hidden.map((command) => connection.send([...command, ...names]).catch(ignoreWrongType)));
}

export function ignoreWrongType(error: unknown): void {
  if (!String(error).includes('WRONGTYPE')) throw error;
}

/** @returns how many are alive, after taking out those that beat no more */
export async function countProcesses(connection: Connection, identity: Identity, deadBeforeMs: number) {
  const keys = keysOf(identity);
  const [, count] = await globals.Promise.all([
    sendNamed(connection, ['ZREMRANGEBYSCORE', keys.processes, '-inf', seconds(deadBeforeMs)]),
    sendNamed(connection, ['ZCARD', keys.processes]),
  ]);
  return Number(count);
}

/** To be called when their workers have been pruned: until then it is good to know that they were ours. */
export async function forgetSilent(connection: Connection, identity: Identity, deadBeforeMs: number): Promise<void> {
  const silent: string[] = [];
  for (const [name, at] of await listMachines(connection, keysOf(identity)))
    if (!(Number(at) > Number(seconds(deadBeforeMs)))) silent.push(name);
  await hideProcesses(connection, identity, silent);
}

/** All processes of ours that did not unregister, and which of them are gone from this machine. */
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

/** Name, second of the last beat, machine. */
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
