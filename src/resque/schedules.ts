/**
 * Recurring jobs in Redis: the published schedules, and the ticks that were enqueued (see scripts/schedule/). Their
 * meaning is defined in recurring/.
 */
import type { JobLock } from '../job.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from './keys.js';
import { lockArgs } from './lock.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/**
 * @param set '': the application has no schedule
 * @returns false if a process that started later has published its own
 */
export async function publishSchedule(
  connection: Connection,
  keys: Keys,
  { app, startedMs, set }: { readonly app: string; readonly startedMs: number; readonly set: string },
): Promise<boolean> {
  const reply = await callScript(
    connection,
    SCRIPTS.publishSchedule,
    [keys.schedule, keys.schedules],
    [app, String(startedMs), set],
  );
  return reply === 1;
}

/** A change to the ticks of one entry, and the job to enqueue with it. */
export interface TickChange {
  readonly name: string;
  /** The value that was read; '' if there was none. */
  readonly seen: string;
  /** '' removes it. */
  readonly value: string;
  /** Skipped while a Ruby scheduler holds its lock. */
  readonly ruby: boolean;
  readonly queue: string;
  readonly payloads: readonly string[];
  /** The lock of its job: nothing is enqueued if another job holds it. */
  readonly lock?: JobLock | undefined;
}

/**
 * kept: changed, but nothing was enqueued, since a job of an earlier tick holds the lock. other: the value has changed
 * since it was read. held: a Ruby scheduler holds its lock. refused: the key of the queue is not a list.
 */
export type Ticked = 'done' | 'kept' | 'other' | 'paused' | 'held' | 'refused';

const STATES: Readonly<Record<string, Ticked>> = {
  ...{ '1': 'done', k: 'kept', '0': 'other', p: 'paused', h: 'held', x: 'refused' },
};

export interface TickOptions {
  /** The revision that was read. */
  readonly revision: string;
  readonly locks: readonly string[];
  readonly nowMs: number;
}

/**
 * Changes ticks and enqueues, each entry in one step.
 * @returns the result for each change; undefined: the schedules have changed, and nothing was done
 */
export async function changeTicks(
  connection: Connection,
  keys: Keys,
  changes: readonly TickChange[],
  { revision, locks, nowMs }: TickOptions,
): Promise<Ticked[] | undefined> {
  const at = rubyTime(nowMs);
  const declared = [
    ...[keys.ticks, keys.schedule, keys.pausedSchedules],
    ...[keys.queues, keys.lastEnqueuedAt, keys.stat],
  ];
  const args = changes.flatMap(({ name, seen, value, ruby, queue, payloads, lock }) => [
    ...[name, seen, value, ruby ? '1' : '', at, queue],
    ...(lock === undefined ? ['', '', '0'] : lockArgs(keys, lock, { renewMs: 0 })),
    ...[String(payloads.length), ...payloads],
  ]);
  const head = [revision, keys.queue(''), String(locks.length), ...locks];
  const reply = String(await callScript(connection, SCRIPTS.tick, declared, [...head, ...args]));
  return reply === 'stale' ? undefined : Array.from(reply, (state) => STATES[state]);
}

/** The format of Ruby's Time#to_s: `2026-11-24 03:12:57 +0000`. */
export function rubyTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}

/** @returns milliseconds since the epoch; undefined if it is not in Ruby's format */
export function parseRubyTime(text: string): number | undefined {
  const time = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d):?(\d\d)$/.exec(text.trim().replace(/ UTC$/, ' +0000'));
  const ms = time === null ? Number.NaN : Date.parse(`${time[1]}T${time[2]}${time[3]}:${time[4]}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** @returns for each name whether it was changed */
export async function pauseSchedules(
  connection: Connection,
  keys: Keys,
  names: readonly string[],
  paused: boolean,
): Promise<boolean[]> {
  const declared = [keys.schedule, keys.pausedSchedules, keys.ticks];
  const args = [paused ? 'pause' : 'resume', ...names];
  return ((await callScript(connection, SCRIPTS.pauseSchedule, declared, args)) as number[]).map((one) => one === 1);
}

/** All data about recurring jobs in Redis, as texts. */
export interface StoredSchedules {
  /** By application. */
  readonly sets: ReadonlyMap<string, string>;
  /** When each publishing application started; milliseconds since the epoch. */
  readonly started: ReadonlyMap<string, number>;
  readonly revision: string;
  readonly paused: ReadonlySet<string>;
  /** By name of the entry. */
  readonly ticks: ReadonlyMap<string, string>;
  readonly lastEnqueuedAt: ReadonlyMap<string, string>;
}

const STARTED = 'started:';

/** Reads the revision first: later changes have a higher one. */
export async function readSchedules(connection: Connection, keys: Keys): Promise<StoredSchedules> {
  const state = await readHash(connection, keys.schedule);
  const [sets, paused, ticks, lastEnqueuedAt] = await Promise.all([
    readHash(connection, keys.schedules),
    connection.send(['SMEMBERS', keys.pausedSchedules]),
    readHash(connection, keys.ticks),
    readHash(connection, keys.lastEnqueuedAt).catch(orEmpty),
  ]);
  const started = [...state].filter(([field]) => field.startsWith(STARTED));
  return {
    ...{ sets, ticks, lastEnqueuedAt, paused: new Set((paused as string[]).map(String)) },
    started: new Map(started.map(([field, ms]) => [field.slice(STARTED.length), Number(ms)])),
    revision: state.get('revision') ?? '',
  };
}

/** Ruby's dynamic entries, by name: JSON texts. Clears the list of changed entries. */
export async function readDynamic(connection: Connection, keys: Keys): Promise<ReadonlyMap<string, string>> {
  // Cleared first: later changes are reported again.
  await connection.send(['DEL', keys.changedSchedules]);
  return await peekDynamic(connection, keys);
}

/** The same, without clearing the list of changed entries. */
export async function peekDynamic(connection: Connection, keys: Keys): Promise<ReadonlyMap<string, string>> {
  return await readHash(connection, keys.persistentSchedules).catch(orEmpty);
}

/** Other programs may write anything into it. */
function orEmpty(error: unknown): ReadonlyMap<string, string> {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return new Map();
  throw error;
}

async function readHash(connection: Connection, key: string): Promise<Map<string, string>> {
  const reply = await connection.send(['HGETALL', key]);
  const pairs = Array.isArray(reply)
    ? Array.from({ length: reply.length / 2 }, (_, i) => [String(reply[2 * i]), String(reply[2 * i + 1])] as const)
    : Object.entries(reply as Record<string, unknown>).map(([field, value]) => [field, String(value)] as const);
  return new Map(pairs);
}
