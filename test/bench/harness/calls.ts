/**
 * How many commands a worker *sends* for each job. Redis counts what a script calls inside like what a client sends
 * (`commandstats`, `total_commands_processed`), but MONITOR tells them apart. Under MONITOR everything is slow and batches
 * grow, so it only serves to learn, once for each system, which share of each command comes from clients; the calls of
 * the measured run, without MONITOR, are then weighed by it. In practice each command is wholly the one or the other.
 */
import type { System } from '../systems/system.js';
import type { Calls, Server } from './server.js';
import { Worker } from './worker.js';

/** The share of a command's calls that clients sent; 1 for commands that were not seen. */
export type Shares = ReadonlyMap<string, number>;

/** The first jobs are left out: what a worker sends when it starts would spoil the shares. */
const [JOBS, FIRST_JOBS] = [1000, 300];
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
  const tally = new Tally();
  const stop = await server.watch((client, command) => tally.add(client, command));
  const worker = new Worker(system, { socket: server.socket, tcp: server.tcp, queues: [QUEUE], concurrency: 25 });
  const asked = system.books.done(QUEUE);
  const isDone = async () => {
    const done = await server.integer(asked);
    if (done < FIRST_JOBS) tally.clear();
    else tally.sent.set(asked[0].toLowerCase(), (tally.sent.get(asked[0].toLowerCase()) ?? 0) - 1);
    return done >= JOBS;
  };
  try {
    await worker.until(`${system.name} works ${JOBS} jobs`, isDone, 20_000, 5);
  } finally {
    await worker.end('SIGKILL');
    stop();
  }
  return tally.shares();
}

/** Commands by name, as MONITOR shows them. */
class Tally {
  readonly sent = new Map<string, number>();
  readonly inside = new Map<string, number>();

  add(client: string, command: string): void {
    const counts = client === 'lua' ? this.inside : this.sent;
    counts.set(command, (counts.get(command) ?? 0) + 1);
  }

  clear(): void {
    this.sent.clear();
    this.inside.clear();
  }

  shares(): Shares {
    const names = [...new Set([...this.sent.keys(), ...this.inside.keys()])];
    return new Map(names.map((name) => [name, shareOf(this.sent.get(name) ?? 0, this.inside.get(name) ?? 0)]));
  }
}

/** Our own look may be counted a moment apart from its line: a share below nothing is none. */
function shareOf(sent: number, inside: number): number {
  return sent <= 0 ? (inside > 0 ? 0 : 1) : sent / (sent + inside);
}

/** Commands that clients sent between two looks. */
export function sentBetween(before: Calls, after: Calls, shares: Shares): number {
  let sum = 0;
  for (const [name, count] of after) sum += (count - (before.get(name) ?? 0)) * (shares.get(name) ?? 1);
  return sum;
}
