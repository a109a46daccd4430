/** The queues: how many jobs, since when the next one waits, what is in them; and taking one away. */
import type { Connection } from '../redis/connection.js';
import { scan } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { askEach, listPages } from './batch.js';
import { type JobSeen, readJob } from './payload.js';
import { listQuarantined } from './quarantine.js';

export interface QueueSeen {
  readonly name: string;
  /** undefined: its key is no list, which no Resque program writes. */
  readonly size: number | undefined;
  /** When the job at the head was pushed, where its payload says so. Milliseconds. */
  readonly headAt: number | undefined;
  /** Jobs that two processes died with; they run alone. */
  readonly quarantined: number;
}

export async function queueNames(connection: Connection, keys: Keys): Promise<string[]> {
  const names = new Set<string>();
  for await (const [name] of scan(connection, ['SSCAN', keys.queues], 1)) names.add(name);
  return [...names].sort();
}

/** By name. */
export async function listQueues(connection: Connection, keys: Keys): Promise<QueueSeen[]> {
  const quarantined = await listQuarantined(connection, keys);
  const names = [...new Set([...(await queueNames(connection, keys)), ...quarantined.keys()])].sort();
  const sizes = await askEach(
    connection,
    names.map((name) => ['LLEN', keys.queue(name)]),
  );
  const full = names.filter((_, i) => Number(sizes[i] ?? 0) > 0);
  const heads = await askEach(
    connection,
    full.map((name) => ['LINDEX', keys.queue(name), '0']),
  );
  const headAt = new Map(full.map((name, i) => [name, timeOf(heads[i])]));
  return names.map((name, i) => ({
    name,
    size: sizes[i] === undefined ? undefined : Number(sizes[i]),
    headAt: headAt.get(name),
    quarantined: quarantined.get(name) ?? 0,
  }));
}

function timeOf(head: unknown): number | undefined {
  return typeof head === 'string' ? readJob(head).enqueuedAt : undefined;
}

export interface QueuedJob extends JobSeen {
  /** From the head, which is 0 and comes next. */
  readonly index: number;
}

/** Jobs of a queue from the one at `from` on, at most `count`, in pages. Nothing is taken out. */
export async function* peekQueue(
  connection: Connection,
  keys: Keys,
  queue: string,
  { from, count }: { readonly from: number; readonly count: number },
): AsyncGenerator<QueuedJob[]> {
  for await (const { first, entries } of listPages(connection, keys.queue(queue), from, from + count - 1))
    yield entries.map((payload, i) => ({ index: first + i, ...readJob(payload) }));
}

export async function queueSize(connection: Connection, keys: Keys, queue: string): Promise<number> {
  return Number(await connection.send(['LLEN', keys.queue(queue)]));
}

/** Takes a queue away with everything in it, as Resque does, in one step. @returns how many jobs went */
export async function removeQueue(connection: Connection, keys: Keys, queue: string): Promise<number> {
  const commands = [['MULTI'], ['LLEN', keys.queue(queue)], ['DEL', keys.queue(queue)], ['SREM', keys.queues, queue]];
  // Sent in one turn of the event loop: nobody else's command can come between.
  const replies = await Promise.all([...commands, ['EXEC']].map((command) => connection.send(command)));
  // A key of another type goes too; it held no jobs.
  return Number((replies[replies.length - 1] as unknown[])[0]) || 0;
}
