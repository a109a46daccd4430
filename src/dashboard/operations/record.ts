/**
 * What somebody has done to failed jobs: a record of each, in Redis, so that every dashboard of a namespace shows the same.
 * The last two hundred are kept, for ninety days.
 */
import { randomBytes } from 'node:crypto';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import type { FailureFilter } from '../failures/filter.js';

export type OperationKind = 'retry' | 'remove' | 'undo';

/** interrupted: the process that ran it is gone. failed: Redis, say; `problem` says it. All that was done stands. */
export type OperationState = 'running' | 'done' | 'cancelled' | 'failed' | 'interrupted';

export interface OperationRecord {
  readonly id: string;
  readonly kind: OperationKind;
  /** What it is done to, in words. */
  readonly title: string;
  readonly user: string;
  readonly filter: FailureFilter;
  /** Retry: into this queue. */
  readonly to?: string | undefined;
  /** Jobs a second. */
  readonly rate?: number | undefined;
  /** How many jobs its user has seen and agreed to. */
  readonly agreed: number;
  /** How many were retried, removed or brought back. */
  readonly done: number;
  /** Why some were left, and how many. */
  readonly left: readonly { readonly why: string; readonly jobs: number }[];
  /** How far it is. */
  readonly seen: number;
  readonly of: number;
  readonly state: OperationState;
  readonly problem?: string | undefined;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  /** Removal: until then what was removed can be brought back. */
  readonly undoUntil?: number | undefined;
  /** Undo: of this operation. */
  readonly undoes?: string | undefined;
  /** Removal: it was undone by this operation. */
  readonly undoneBy?: string | undefined;
}

const KEPT = 200;
const KEPT_S = 90 * 86_400;
const PAYLOADS_KEPT_S = 86_400;
export const LOCK_S = 30;
export const ID = /^[0-9a-z]{8,24}$/;

/** Later ones are greater. */
export function newId(now: number): string {
  return `${now.toString(36).padStart(9, '0')}${randomBytes(3).toString('hex')}`;
}

export class OperationRecords {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async write(record: OperationRecord): Promise<void> {
    await this.#send(['HSET', this.#keys.operations, record.id, JSON.stringify(record)]);
    await this.#send(['EXPIRE', this.#keys.operations, String(KEPT_S)]);
  }

  async read(id: string): Promise<OperationRecord | undefined> {
    if (!ID.test(id)) return undefined;
    const [text, running] = await Promise.all([
      this.#send(['HGET', this.#keys.operations, id]),
      this.#send(['GET', this.#keys.operation]),
    ]);
    return parsed(text, running);
  }

  /** The newest first. */
  async list(): Promise<readonly OperationRecord[]> {
    const [texts, running] = await Promise.all([
      this.#send(['HVALS', this.#keys.operations]),
      this.#send(['GET', this.#keys.operation]),
    ]);
    const records = (texts as string[]).flatMap((text) => parsed(text, running) ?? []);
    return records.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Removes the oldest where there are too many. */
  async trim(): Promise<void> {
    const count = Number(await this.#send(['HLEN', this.#keys.operations]));
    if (count <= KEPT) return;
    const ids = ((await this.#send(['HKEYS', this.#keys.operations])) as string[]).sort();
    await this.#send(['HDEL', this.#keys.operations, ...ids.slice(0, ids.length - KEPT)]);
  }

  /** @returns false: another operation of this namespace runs */
  async lock(id: string): Promise<boolean> {
    return (await this.#send(['SET', this.#keys.operation, id, 'NX', 'EX', String(LOCK_S)])) !== null;
  }

  /** @returns false: it had expired, and another operation may run */
  async renew(id: string): Promise<boolean> {
    if ((await this.#send(['GET', this.#keys.operation])) !== id) return await this.lock(id);
    await this.#send(['EXPIRE', this.#keys.operation, String(LOCK_S)]);
    return true;
  }

  async unlock(id: string): Promise<void> {
    if ((await this.#send(['GET', this.#keys.operation])) === id) await this.#send(['DEL', this.#keys.operation]);
  }

  /** For the process that runs it, whichever it is. */
  async askToCancel(id: string): Promise<void> {
    await this.#send(['SET', this.#keys.cancelOf(id), '1', 'EX', '600']);
  }

  async isToCancel(id: string): Promise<boolean> {
    return (await this.#send(['GET', this.#keys.cancelOf(id)])) !== null;
  }

  /** Short hashes of what was retried: what of it fails again has come back. */
  async writePayloads(id: string, hashes: readonly string[]): Promise<void> {
    await this.#send(['SET', this.#keys.payloadsOf(id), hashes.join(' '), 'EX', String(PAYLOADS_KEPT_S)]);
  }

  async readPayloads(ids: readonly string[]): Promise<readonly ReadonlySet<string>[]> {
    if (ids.length === 0) return [];
    const texts = (await this.#send(['MGET', ...ids.map(this.#keys.payloadsOf)])) as (string | null)[];
    return texts.map((text) => new Set((text ?? '').split(' ').filter((hash) => /^[0-9a-f]{16}$/.test(hash))));
  }

  #send(command: readonly string[]): Promise<unknown> {
    return this.#connection.send(command);
  }
}

/** Somebody else may have written anything. */
function parsed(text: unknown, running: unknown): OperationRecord | undefined {
  try {
    const record = JSON.parse(String(text)) as OperationRecord;
    if (!isRecord(record)) return undefined;
    return record.state === 'running' && record.id !== running ? { ...record, state: 'interrupted' } : record;
  } catch {
    return undefined;
  }
}

const TEXTS = ['id', 'kind', 'title', 'user', 'state'] as const;
const NUMBERS = ['agreed', 'done', 'seen', 'of', 'startedAt'] as const;
const TIMES = ['startedAt', 'endedAt', 'undoUntil'] as const;
const OTHERS = { to: 'string', rate: 'number', problem: 'string', undoes: 'string', undoneBy: 'string' } as const;
const FILTER_TEXTS = ['class', 'queue', 'kind', 'worker', 'text'] as const;
const FILTER_FLAGS = ['retried', 'unreadable'] as const;

function isRecord(record: OperationRecord): boolean {
  const { id, left, filter } = record;
  const isLeft = (one: unknown) => isObject(one) && typeof one.why === 'string' && typeof one.jobs === 'number';
  return (
    TEXTS.every((name) => typeof record[name] === 'string') &&
    NUMBERS.every((name) => typeof record[name] === 'number') &&
    TIMES.every((name) => isTime(record[name])) &&
    Object.entries(OTHERS).every(([name, type]) => isMaybe(record[name as keyof typeof OTHERS], type)) &&
    ID.test(id) &&
    Array.isArray(left) &&
    left.every(isLeft) &&
    isObject(filter) &&
    isFilter(filter)
  );
}

function isFilter(filter: FailureFilter): boolean {
  return (
    FILTER_TEXTS.every((name) => isMaybe(filter[name], 'string')) &&
    FILTER_FLAGS.every((name) => isMaybe(filter[name], 'boolean')) &&
    isTime(filter.since) &&
    isTime(filter.before)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMaybe(value: unknown, type: 'string' | 'number' | 'boolean'): boolean {
  return value === undefined || typeof value === type;
}

/** What a Date can hold. */
function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && !Number.isNaN(new Date(value).getTime()));
}
