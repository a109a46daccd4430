/** The queues: lists them with their sizes and the age of their first job, reads their jobs, and removes a queue. */
import { isUtf8 } from 'node:buffer';
import type { Connection } from '../redis/connection.js';
import { scanBytes } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { askEach, listPages } from './batch.js';
import { type JobSeen, readJob } from './payload.js';
import { listQuarantined } from './quarantine.js';
import { type QueuePause, readQueuePauses } from './queue-pause.js';

/** The name of a queue: as text, and as its bytes in Redis. */
export interface QueueName {
  /** If the bytes are not UTF-8, those outside of ASCII are written as `\xff`. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface QueueSeen {
  readonly name: string;
  /** undefined: its key is not a list, as no Resque program writes it. */
  readonly size: number | undefined;
  /** When the job at the head was pushed, if its payload contains the time. Milliseconds since the epoch. */
  readonly headAt: number | undefined;
  /** The number of its jobs in quarantine. */
  readonly quarantined: number;
  /** undefined: it is not paused. */
  readonly pause: QueuePause | undefined;
}

export function queueNameOf(bytes: Buffer): QueueName {
  if (isUtf8(bytes)) return { name: bytes.toString(), bytes };
  const escaped = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return { name: bytes.toString('latin1').replace(/[^\x20-\x7e]/g, escaped), bytes };
}

/** By name. */
export async function queueNames(connection: Connection, keys: Keys): Promise<QueueName[]> {
  const names: QueueName[] = [];
  for await (const [bytes] of scanBytes(connection, ['SSCAN', keys.queues], 1)) names.push(queueNameOf(bytes));
  return sorted(names);
}

/** Each once. */
function sorted(names: readonly QueueName[]): QueueName[] {
  const byName = new Map(names.map((one) => [one.name, one]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By name; includes queues whose only jobs are in quarantine. */
export async function listQueues(connection: Connection, keys: Keys): Promise<QueueSeen[]> {
  const quarantined = await listQuarantined(connection, keys);
  const ofQuarantine = [...quarantined.keys()].map((name) => queueNameOf(Buffer.from(name)));
  const names = sorted([...(await queueNames(connection, keys)), ...ofQuarantine]);
  const sizes = await askEach(
    connection,
    names.map((name) => ['LLEN', keyOf(keys, name)]),
  );
  const full = names.filter((_, i) => Number(sizes[i] ?? 0) > 0);
  const heads = await askEach(
    connection,
    full.map((name) => ['LINDEX', keyOf(keys, name), '0']),
    { binary: true },
  );
  const pauses = await readQueuePauses(
    connection,
    keys,
    names.map(({ bytes }) => bytes),
  );
  const headAt = new Map(full.map(({ name }, i) => [name, timeOf(heads[i])]));
  return names.map(({ name }, i) => ({
    name,
    size: sizes[i] === undefined ? undefined : Number(sizes[i]),
    headAt: headAt.get(name),
    quarantined: quarantined.get(name) ?? 0,
    pause: pauses[i],
  }));
}

export function keyOf(keys: Keys, { bytes }: QueueName): Buffer {
  return Buffer.concat([Buffer.from(keys.queue('')), bytes]);
}

function timeOf(head: unknown): number | undefined {
  return Buffer.isBuffer(head) ? readJob(head).enqueuedAt : undefined;
}

export interface QueuedJob extends JobSeen {
  /** The index, from 0 at the head, which is claimed next. */
  readonly index: number;
  /** The bytes in the queue. */
  readonly bytes: Buffer;
}

/** The jobs of a queue from index `from`, at most `count`, in pages. Changes nothing. */
export async function* peekQueue(
  connection: Connection,
  keys: Keys,
  queue: QueueName,
  { from, count }: { readonly from: number; readonly count: number },
): AsyncGenerator<QueuedJob[]> {
  for await (const { first, entries } of listPages(connection, keyOf(keys, queue), from, from + count - 1))
    yield entries.map((bytes, i) => ({ index: first + i, bytes, ...readJob(bytes) }));
}

export async function queueSize(connection: Connection, keys: Keys, queue: QueueName): Promise<number> {
  return Number(await connection.send(['LLEN', keyOf(keys, queue)]));
}
