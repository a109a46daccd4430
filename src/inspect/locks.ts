/** The locks of unique jobs: listed, explained, released. */
import type { Connection } from '../redis/connection.js';
import { scan, scanKeys } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { readLock } from '../resque/lock.js';
import { parseRecord } from '../resque/record.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { askEach, batches } from './batch.js';
import { walkDelayed } from './delayed-items.js';
import { type JobSeen, readJob } from './payload.js';
import { listQuarantined } from './quarantine.js';
import { walkQueued } from './queued.js';
import { queueNames } from './queues.js';
import { retryPayload, walkRetries } from './retries.js';

export interface Lock {
  /** `<Class>:<sha1>`. */
  readonly key: string;
  readonly class: string;
  /** Of the job that holds it. */
  readonly token: string;
  /** Until it expires. Milliseconds; -1: never, which only another program can have done. */
  readonly ttlMs: number;
}

/** All that is given must hold. */
export interface LockFilter {
  readonly classes?: readonly string[] | undefined;
  /** Beginnings of keys, or of their hashes. */
  readonly keys?: readonly string[] | undefined;
}

const PAGE = 500;

/** In no order: the database is walked through once. A key of another type is no lock. */
export async function* walkLocks(connection: Connection, keys: Keys, filter: LockFilter = {}): AsyncGenerator<Lock> {
  const prefix = keys.unique('');
  const seen = new Set<string>();
  for await (const some of batches(scanKeys(connection, prefix), PAGE)) {
    const fresh = some.filter((key) => !seen.has(key) && matches(key.slice(prefix.length), filter));
    for (const key of fresh) seen.add(key);
    const asked = fresh.flatMap((key) => [
      ['GET', key],
      ['PTTL', key],
    ]);
    const replies = await askEach(connection, asked);
    for (const [i, key] of fresh.entries()) {
      const [value, ttl] = replies.slice(2 * i, 2 * i + 2);
      if (typeof value !== 'string') continue;
      const name = key.slice(prefix.length);
      yield { key: name, class: classOf(name), token: value.split(' ', 1)[0], ttlMs: Number(ttl) };
    }
  }
}

function classOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(':')));
}

function matches(key: string, { classes, keys }: LockFilter): boolean {
  const hash = key.slice(key.lastIndexOf(':') + 1);
  return (
    (classes === undefined || classes.includes(classOf(key))) &&
    (keys === undefined || keys.some((begin) => key.startsWith(begin) || hash.startsWith(begin)))
  );
}

/** Where the job is that holds a lock. */
export interface Holder extends JobSeen {
  readonly place: 'queued' | 'delayed' | 'retrying' | 'quarantined' | 'running';
  readonly queue: string;
  /** The worker that runs it. */
  readonly worker?: string | undefined;
}

/** @returns undefined where there is none: it moved meanwhile, was lost, or ended where nobody knew of the lock */
export async function findHolder(connection: Connection, keys: Keys, { token }: Lock): Promise<Holder | undefined> {
  for await (const holder of walkJobs(connection, keys, token))
    if (readLock(Buffer.from(holder.payload))?.token === token) return holder;
  return undefined;
}

/** Jobs whose payload holds a text, in the order in which a job goes its way. */
async function* walkJobs(connection: Connection, keys: Keys, text: string): AsyncGenerator<Holder> {
  for await (const page of walkDelayed(connection, keys, { text }))
    for (const job of page) yield { ...job, place: 'delayed' };
  for (const queue of await queueNames(connection, keys))
    for await (const page of walkQueued(connection, keys, queue, { filter: { text } }))
      for (const job of page) yield { ...job, place: 'queued', queue: queue.name };
  for await (const page of walkRetries(connection, keys, { text }))
    for (const job of page) yield { ...readJob(retryPayload(job)), place: 'retrying', queue: job.queue };
  for (const queue of (await listQuarantined(connection, keys)).keys()) {
    const jobs = (await connection.send(['LRANGE', keys.quarantine(queue), '0', '-1'], { binary: true })) as Buffer[];
    for (const job of jobs) if (job.includes(text)) yield { ...readJob(job), place: 'quarantined', queue };
  }
  yield* walkRunning(connection, keys, text);
}

async function* walkRunning(connection: Connection, keys: Keys, text: string): AsyncGenerator<Holder> {
  for await (const some of batches(scan(connection, ['SSCAN', keys.workers], 1), PAGE)) {
    const ids = some.map(([id]) => id);
    const records = await askEach(
      connection,
      ids.map((id) => ['GET', keys.worker(id)]),
      { binary: true },
    );
    for (const [i, raw] of records.entries()) {
      const record = Buffer.isBuffer(raw) && raw.includes(text) ? parseRecord(raw) : undefined;
      if (record === undefined) continue;
      yield { ...readJob(record.payload), place: 'running', queue: record.queue, worker: ids[i] };
    }
  }
}

/** Releases locks that the same jobs still hold. @returns whether each was released */
export async function releaseLocks(connection: Connection, keys: Keys, locks: readonly Lock[]): Promise<boolean[]> {
  const args = locks.flatMap(({ key, token }) => [keys.unique(key), token, '0']);
  const states = await callScript(connection, SCRIPTS.settleLocks, [keys.never], args);
  return Array.from(String(states), (state) => state === '1');
}
