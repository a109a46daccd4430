/**
 * Removes entries from the failed list by unfail.lua, to retry or delete them. Changes only entries that are still at
 * the position where they were read, byte for byte.
 */
import { randomUUID } from 'node:crypto';
import type { JobLock } from '../../job.js';
import type { Argument, Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { lockArgs, readLock } from '../../resque/lock.js';
import { callScript, SCRIPTS, type Script } from '../../resque/scripts/index.js';
import { entryId, type Requeue } from './entry.js';
import { MOST_IN_PAGE } from './list.js';

/** An entry to remove, and the job that is pushed if it is retried. */
export interface Removal {
  readonly n: number;
  readonly id: string;
  readonly job?: Requeue | undefined;
  /** The lock to take again if a unique job is retried. */
  readonly lock?: JobLock | undefined;
}

/**
 * refused: the key of its queue is not a list, and the entry stays; held: it stays since another job holds its lock;
 * elsewhere: it is no longer at this position.
 */
export type RemovalState = 'taken' | 'elsewhere' | 'refused' | 'held';

export interface RemovalReply {
  readonly states: readonly RemovalState[];
  /** The error of Redis for refused entries. */
  readonly refusal: string;
}

export function removalOf(n: number, raw: Buffer, job?: Requeue): Removal {
  if (job === undefined) return { n, id: entryId(raw) };
  const { payload } = job;
  const lock = readLock(Buffer.isBuffer(payload) ? payload : raw.subarray(payload.from, payload.to));
  return { n, id: entryId(raw), job, lock };
}

export class Remover {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #script: Script = SCRIPTS.unfail;

  readonly #trash: string | undefined;

  /** @param trash the key of a list that keeps deleted entries for an hour; undefined: they are lost */
  constructor(connection: Connection, keys: Keys, trash?: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#trash = trash;
  }

  /**
   * One atomic step for all. If it rejects because the connection was lost, either all of it has happened or nothing.
   * @param removals by ascending N, within two pages ({@link MOST_IN_PAGE}) of each other
   */
  async remove(removals: readonly Removal[]): Promise<RemovalReply> {
    if (removals.length === 0) return { states: [], refusal: '' };
    const trash = this.#trash;
    const named = removals.flatMap(({ job }) => (job === undefined ? [] : [job.queue]));
    const queues = [...new Set(trash === undefined ? named : [...named, TRASH])];
    const lists = queues.map((queue) => (queue === TRASH ? (trash as string) : this.#keys.queue(queue)));
    const keys = [this.#keys.failed, this.#keys.queues, this.#keys.never, ...lists];
    const others = removals.flatMap(({ job }) =>
      job !== undefined && Buffer.isBuffer(job.payload) ? [job.payload] : [],
    );
    const locks = removals.flatMap(({ lock }, i) =>
      lock === undefined ? [] : [String(i + 1), ...lockArgs(this.#keys, lock, { renewMs: 0 })],
    );
    const args: Argument[] = [randomUUID(), packed(removals, queues), String(locks.length / 4), ...locks];
    args.push(String(queues.length), ...queues, ...others);
    const [states, refusal] = (await callScript(this.#connection, this.#script, keys, args)) as [string, string];
    return { states: Array.from(states, (state) => STATES[state as keyof typeof STATES]), refusal };
  }
}

const STATES = { 0: 'elsewhere', 1: 'taken', x: 'refused', h: 'held' } as const;

const ENTRY_BYTES = 56;
/** No queue has this name. */
const TRASH = '';
/** The whole entry: longer than any entry. */
const ALL = 2 ** 32 - 1;

/**
 * One argument for all, as unfail.lua reads it: parsing thousands of arguments would take Redis longer than the work
 * itself.
 */
function packed(removals: readonly Removal[], queues: readonly string[]): Buffer {
  const bytes = Buffer.alloc(removals.length * ENTRY_BYTES);
  for (const [i, { n, id, job }] of removals.entries()) {
    const at = i * ENTRY_BYTES;
    bytes.writeUInt32BE(n, at);
    bytes.write(id, at + 4, 'latin1');
    bytes.writeUInt32BE(queues.indexOf(job?.queue ?? TRASH) + 1, at + 44);
    if (job === undefined) {
      bytes.writeUInt32BE(1, at + 48);
      bytes.writeUInt32BE(ALL, at + 52);
      continue;
    }
    if (Buffer.isBuffer(job.payload)) continue;
    bytes.writeUInt32BE(job.payload.from + 1, at + 48);
    bytes.writeUInt32BE(job.payload.to, at + 52);
  }
  return bytes;
}

/** The maximum duration of a call, if possible. */
const CALL_US = 15_000;
/*
 * Measured on Redis 7.0: reaching an entry takes one step for each node (8 KB, or one large entry) between it and the
 * nearer end; removing the marked ones takes a look at each entry between them and that end.
 */
const NODE_US = 0.005;
const LOOK_US = 0.08;
const ENTRY_US = 6;
const NODE_BYTES = 8192;

/** How many entries one call may take, `distance` entries away from the nearer end of the list. */
export function mostInOneCall(distance: number, meanBytes: number): number {
  const nodes = (distance * Math.min(meanBytes, NODE_BYTES)) / NODE_BYTES;
  const each = ENTRY_US + nodes * NODE_US + meanBytes * 0.005;
  return Math.max(50, Math.min(MOST_IN_PAGE, Math.floor((CALL_US - distance * LOOK_US) / each)));
}
