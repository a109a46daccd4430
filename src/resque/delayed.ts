/**
 * Delayed jobs in Redis, in the format of resque-scheduler 5.0 and node-resque 9.7: enqueues them, promotes due ones,
 * and takes single ones out. Ruby's `enqueue_in` and `enqueue_at` write the same, so no other scheduler is needed;
 * while one of another kind runs, ours does nothing (see scripts/delayed/). The scheduler is in scheduler/.
 */
import type { EnqueueResult } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { delayNames, itemText } from './delayed-item.js';
import type { Due } from './due.js';
import type { Keys } from './keys.js';
import { lockArgsOf } from './lock.js';
import type { ReadyJob } from './payload-text.js';
import { pushUnique } from './push-unique.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/** A delayed item, identified by its time and its bytes. */
export interface DelayedItem {
  /** The member of `delayed_queue_schedule`: seconds since 1970. */
  readonly time: string;
  readonly item: Buffer;
}

/** The destination of an item that is taken out. */
export type Destination =
  | { readonly to: 'queue'; readonly queue: string; readonly payload: Buffer | string }
  /** Another second than its current one. */
  | { readonly to: 'time'; readonly seconds: number }
  /** `entry`: the whole failed entry. */
  | { readonly to: 'failed'; readonly entry: Buffer | string }
  | { readonly to: 'nowhere' };

/** gone: the item does not exist (any more). refused: the destination key is not a list; the item stays. */
export type Taken = 'taken' | 'gone' | 'refused';

const MOST_IN_ONE_CALL = 1000;
const STATES: Readonly<Record<string, Taken>> = { '1': 'taken', '0': 'gone', x: 'refused' };

/**
 * Enqueues jobs for later, a thousand in each step: all of these or none. Jobs that are already due go to their queue.
 * @returns the result for each
 */
export async function delayJobs(
  connection: Connection,
  keys: Keys,
  jobs: readonly (ReadyJob & { readonly due: Due })[],
): Promise<EnqueueResult[]> {
  const results: EnqueueResult[] = [];
  for (let first = 0; first < jobs.length; first += MOST_IN_ONE_CALL) {
    const some = jobs.slice(first, first + MOST_IN_ONE_CALL);
    const push = some.some(({ lock }) => lock !== undefined) ? pushUnique : delay;
    results.push(...(await push(connection, keys, some)));
  }
  return results;
}

async function delay(
  connection: Connection,
  keys: Keys,
  jobs: readonly (ReadyJob & { readonly due: Due })[],
): Promise<EnqueueResult[]> {
  const args = jobs.flatMap(({ queue, payload, due }) => {
    const [kind, ms] = 'at' in due ? ['at', due.at.getTime()] : ['in', due.inMs];
    return [kind, String(ms), queue, payload, itemText(payload, queue)];
  });
  const reply = await callScript(connection, SCRIPTS.delay, [keys.delayedTimes], [...delayNames(keys), ...args]);
  return (reply as number[]).map((time) =>
    time === 0 ? { status: 'enqueued' } : { status: 'delayed', at: new Date(time * 1000) },
  );
}

export interface PromoteOptions {
  /** Names this process in the lease. */
  readonly name: string;
  /** How long the lease lasts after this call, in milliseconds. */
  readonly leaseMs: number;
  /** Locks of other kinds of schedulers: while one is held nothing is promoted. */
  readonly locks: readonly string[];
}

/** What a leader also learns: whether recurring jobs need work. */
interface LeaderFacts {
  /** Redis' clock, in milliseconds. */
  readonly nowMs: number;
  /** A new value: the schedules have changed. */
  readonly revision: string;
  /** A Ruby program has changed the dynamic entries of its schedule. */
  readonly rubyChanged: boolean;
}

/** The result of one call of {@link promoteDue}. */
export type Promotion =
  /** `nextMs`: until the next job is due; 0: more are due now; undefined: there is none. */
  | ({
      readonly state: 'leading';
      readonly promoted: number;
      readonly nextMs: number | undefined;
      /** Due, but the script cannot promote it: the caller must take it out, since it blocks the items behind it. */
      readonly unreadable: DelayedItem | undefined;
    } & LeaderFacts)
  /** Another tsworker scheduler leads, for this many milliseconds. */
  | { readonly state: 'following'; readonly leader: string; readonly forMs: number }
  /** We lead, but a scheduler of another kind holds its lock: it moves delayed jobs. */
  | ({ readonly state: 'standing by'; readonly holder: string } & LeaderFacts);

/** The maximum of items and bytes in one call, so that it delays Redis' other clients by a few milliseconds only. */
const MOST_ITEMS = 150;
const MOST_BYTES = 256 * 1024;

/** Moves some of the due jobs to their queues. To be called again at once while `nextMs` is 0. */
export async function promoteDue(connection: Connection, keys: Keys, options: PromoteOptions): Promise<Promotion> {
  const { name, leaseMs, locks } = options;
  const limits = [String(leaseMs), String(MOST_ITEMS), String(MOST_BYTES)];
  const args = [...delayNames(keys), keys.scheduler, name, ...limits, ...locks];
  const declared = [keys.delayedTimes, keys.schedule, keys.changedSchedules];
  const reply = await callScript(connection, SCRIPTS.promote, declared, args, { binary: true });
  const [state, ms, who, promoted, time, item, nowMs, revision, changed] = reply as PromoteReply;
  if (state === 1) return { state: 'following', leader: String(who), forMs: Math.max(0, ms) };
  const facts = { nowMs, revision: String(revision), rubyChanged: changed === 1 };
  if (state === 2) return { state: 'standing by', holder: String(who), ...facts };
  const unreadable = item.length === 0 && time.length === 0 ? undefined : { time: String(time), item };
  return { state: 'leading', promoted, nextMs: ms < 0 ? undefined : ms, unreadable, ...facts };
}

type PromoteReply = [number, number, Buffer, number, Buffer, Buffer, number, Buffer, number];

/**
 * Takes items out and moves each to its destination, in one step; skips those that are gone.
 * @returns the result for each item
 */
export async function takeDelayed(
  connection: Connection,
  keys: Keys,
  items: readonly (DelayedItem & { readonly destination: Destination })[],
): Promise<Taken[]> {
  if (items.length === 0) return [];
  const args = items.flatMap(({ time, item, destination }) => {
    const hasEnded = destination.to === 'failed' || destination.to === 'nowhere';
    return [time, item, ...destinationArgs(destination), ...lockArgsOf(keys, item, hasEnded)];
  });
  const reply = await callScript(connection, SCRIPTS.takeDelayed, [keys.delayedTimes], [...delayNames(keys), ...args]);
  return Array.from(String(reply), (state) => STATES[state]);
}

function destinationArgs(destination: Destination): (string | Buffer)[] {
  switch (destination.to) {
    case 'queue':
      return ['queue', destination.queue, destination.payload];
    case 'time':
      return ['time', String(Math.ceil(destination.seconds)), ''];
    case 'failed':
      return ['failed', '', destination.entry];
    case 'nowhere':
      return ['nowhere', '', ''];
  }
}

/** Releases the lease, so that another scheduler leads at once. */
export async function releaseLease(connection: Connection, keys: Keys, name: string): Promise<void> {
  if ((await connection.send(['GET', keys.scheduler])) === name) await connection.send(['DEL', keys.scheduler]);
}
