/**
 * How many commands a worker *sends* for each job. Redis counts what a script calls inside like what a client sends
 * (`commandstats`, `total_commands_processed`), but MONITOR tells them apart. Under MONITOR everything is slow and batches
 * grow, so it only serves to learn, once for each system, which share of each command comes from clients; the calls of
 * the measured run, without MONITOR, are then weighed by it. In practice each command is wholly the one or the other.
 */
import { until } from '../../support/until.js';
import type { System } from '../systems/system.js';
import type { Calls, Server } from './server.js';
import { Worker } from './worker.js';

/** The share of a command's calls that clients sent; 1 for commands that were not seen. */
export type Shares = ReadonlyMap<string, number>;

const JOBS = 400;
const QUEUE = 'calls';

const learned = new Map<string, Promise<Shares>>();

export function sharesOf(server: Server, system: System): Promise<Shares> {
  const known = learned.get(system.name) ?? learn(server, system);
  learned.set(system.name, known);
  return known;
}

async function learn(server: Server, system: System): Promise<Shares> {
  await server.flush();
  const producer = await system.books.open(server.socket);
  await producer.fill(QUEUE, { name: 'Noop', args: [] }, JOBS);
  await producer.close();
  const sent = new Map<string, number>();
  const inside = new Map<string, number>();
  const stop = await server.watch((client, command) => {
    const counts = client === 'lua' ? inside : sent;
    counts.set(command, (counts.get(command) ?? 0) + 1);
  });
  const worker = new Worker(system, { socket: server.socket, tcp: server.tcp, queues: [QUEUE], concurrency: 25 });
  const [asked] = system.books.done(QUEUE);
  let polls = 0;
  try {
    const isDone = async () => {
      worker.check();
      polls++;
      return (await server.integer(system.books.done(QUEUE))) >= JOBS;
    };
    await until(isDone, { timeoutMs: 20_000, everyMs: 20, what: `${system.name} works ${JOBS} jobs` });
  } finally {
    await worker.end('SIGKILL');
    stop();
  }
  const name = asked.toLowerCase();
  sent.set(name, Math.max(0, (sent.get(name) ?? 0) - polls));
  const names = [...new Set([...sent.keys(), ...inside.keys()])];
  return new Map(names.map((command) => [command, shareOf(sent.get(command) ?? 0, inside.get(command) ?? 0)]));
}

function shareOf(sent: number, inside: number): number {
  return sent + inside === 0 ? 1 : sent / (sent + inside);
}

/** Commands that clients sent between two looks. */
export function sentBetween(before: Calls, after: Calls, shares: Shares): number {
  let sum = 0;
  for (const [name, count] of after) sum += (count - (before.get(name) ?? 0)) * (shares.get(name) ?? 1);
  return sum;
}
