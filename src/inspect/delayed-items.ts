/**
 * Single delayed jobs: read in the order in which they are due, filtered, and moved or removed. Each is identified by its
 * time and its bytes, so only jobs that the caller has seen are changed.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../redis/connection.js';
import { type DelayedItem, type Destination, type Taken, takeDelayed } from '../resque/delayed.js';
import { membersOf } from '../resque/json-scan.js';
import type { Keys } from '../resque/keys.js';
import { type JobSeen, readJob } from './payload.js';

export interface DelayedJob extends DelayedItem, JobSeen {
  /** SHA-1 of time and bytes: the id for the command line. */
  readonly id: string;
  /** When it is due. Milliseconds since the epoch; undefined if the time is not a number. */
  readonly dueAt: number | undefined;
  /** '' if the item names none. */
  readonly queue: string;
}

/** All given criteria must match; of several classes or queues, one. */
export interface DelayedFilter {
  /** For an ActiveJob job, the class of the job itself. */
  readonly classes?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  /** Due at this time (ms) or later. */
  readonly since?: number | undefined;
  /** Due before this time. */
  readonly before?: number | undefined;
  /** Found anywhere in the item. */
  readonly text?: string | undefined;
  /** The beginnings of their ids. */
  readonly ids?: readonly string[] | undefined;
}

const TIMES_IN_ONE_CALL = 200;
const ITEMS_IN_ONE_CALL = 200;

/** Page by page, the next due first. */
export async function* walkDelayed(
  connection: Connection,
  keys: Keys,
  filter: DelayedFilter = {},
): AsyncGenerator<DelayedJob[]> {
  for await (const time of walkTimes(connection, keys, filter)) {
    for (let first = 0; ; ) {
      const { jobs, read } = await readPage(connection, keys, time, first);
      const found = jobs.filter((job) => matches(job, filter));
      if (found.length > 0) yield found;
      if (read < ITEMS_IN_ONE_CALL) break;
      first += read;
    }
  }
}

/** The result of {@link takeMatching} for one page. */
export interface TakenPage {
  readonly taken: readonly DelayedJob[];
  readonly left: readonly { readonly job: DelayedJob; readonly why: Exclude<Taken, 'taken'> | 'no queue' }[];
}

/**
 * Takes all matching jobs, page by page, each page in one atomic step.
 * @param destinationOf the destination; undefined: it stays, since it names no queue; 'skip': it does not match after all
 */
export async function* takeMatching(
  connection: Connection,
  keys: Keys,
  filter: DelayedFilter,
  destinationOf: (job: DelayedJob) => Destination | 'skip' | undefined,
): AsyncGenerator<TakenPage> {
  for await (const time of walkTimes(connection, keys, filter)) {
    for (let first = 0; ; ) {
      const { jobs, read } = await readPage(connection, keys, time, first);
      const wanted = jobs.filter((job) => matches(job, filter));
      const page = await take(connection, keys, wanted, destinationOf);
      if (wanted.length > 0) yield page;
      if (read < ITEMS_IN_ONE_CALL) break;
      // The taken items no longer precede those that follow.
      first += read - page.taken.length;
    }
  }
}

async function take(
  connection: Connection,
  keys: Keys,
  jobs: readonly DelayedJob[],
  destinationOf: (job: DelayedJob) => Destination | 'skip' | undefined,
): Promise<TakenPage> {
  const going = jobs.flatMap((job) => {
    const destination = destinationOf(job);
    return destination === undefined || destination === 'skip' ? [] : [{ ...job, destination }];
  });
  const states = await takeDelayed(connection, keys, going);
  const taken: DelayedJob[] = [];
  const left: { job: DelayedJob; why: Exclude<Taken, 'taken'> | 'no queue' }[] = [];
  for (const job of jobs) if (destinationOf(job) === undefined) left.push({ job, why: 'no queue' });
  going.forEach((job, i) => {
    const state = states[i];
    if (state === 'taken') taken.push(job);
    else left.push({ job, why: state });
  });
  return { taken, left };
}

/** The members of the schedule that may contain a match, by score. */
async function* walkTimes(connection: Connection, keys: Keys, filter: DelayedFilter): AsyncGenerator<string> {
  const from = filter.since === undefined ? '-inf' : String(filter.since / 1000);
  const to = filter.before === undefined ? '+inf' : `(${filter.before / 1000}`;
  let [low, skip] = [from, 0];
  for (;;) {
    const page = (await connection.send([
      ...['ZRANGEBYSCORE', keys.delayedTimes, low, to, 'WITHSCORES'],
      ...['LIMIT', String(skip), String(TIMES_IN_ONE_CALL)],
    ])) as (string | [string, number])[];
    const times = pairsOf(page);
    for (const [time] of times) yield time;
    if (times.length < TIMES_IN_ONE_CALL) return;
    // Times with the same score as the last one are read again, since some of them may be gone by then.
    const last = times[times.length - 1][1];
    skip = low === last ? skip + TIMES_IN_ONE_CALL : 0;
    low = low === last ? low : `(${last}`;
  }
}

/** RESP3 replies with pairs, RESP2 with a flat list. */
function pairsOf(reply: readonly (string | [string, number])[]): [string, string][] {
  if (Array.isArray(reply[0])) return (reply as [string, number][]).map(([time, score]) => [time, String(score)]);
  const flat = reply as string[];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

async function readPage(connection: Connection, keys: Keys, time: string, first: number) {
  const range = [String(first), String(first + ITEMS_IN_ONE_CALL - 1)];
  const items = await readItems(connection, ['LRANGE', keys.delayedAt(time), ...range]);
  return { jobs: items.map((item) => readDelayedJob({ time, item })), read: items.length };
}

/** A key of another program with this name contains no items. */
async function readItems(connection: Connection, command: readonly string[]): Promise<Buffer[]> {
  try {
    return (await connection.send(command, { binary: true })) as Buffer[];
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
    throw error;
  }
}

export function readDelayedJob({ time, item }: DelayedItem): DelayedJob {
  const seen = readJob(item);
  const seconds = Number(time);
  return {
    ...seen,
    time,
    item,
    id: createHash('sha1').update(`${time} `).update(item).digest('hex'),
    dueAt: Number.isFinite(seconds) ? seconds * 1000 : undefined,
    queue: queueOf(item),
  };
}

function queueOf(item: Buffer): string {
  const member = membersOf(item)?.findLast(({ key }) => key === 'queue');
  if (member === undefined) return '';
  try {
    const queue: unknown = JSON.parse(item.toString('utf8', member.from, member.to));
    return typeof queue === 'string' ? queue : '';
  } catch {
    return '';
  }
}

/** The payload that goes to the queue: the item without its queue, if that is its last member, as Ruby writes it. */
export function payloadOf({ item, queue }: DelayedJob): Buffer {
  const members = membersOf(item) ?? [];
  const last = members[members.length - 1];
  if (last?.key !== 'queue' || members.length < 2 || queue === '') return item;
  const end = members[members.length - 2].to;
  return Buffer.concat([item.subarray(0, end), Buffer.from('}')]);
}

function matches(job: DelayedJob, { classes, queues, text, ids, since, before }: DelayedFilter): boolean {
  return (
    (classes === undefined || classes.includes(job.class)) &&
    (queues === undefined || queues.includes(job.queue)) &&
    (text === undefined || job.payload.includes(text)) &&
    (ids === undefined || ids.some((id) => job.id.startsWith(id))) &&
    (since === undefined || (job.dueAt !== undefined && job.dueAt >= since)) &&
    (before === undefined || (job.dueAt !== undefined && job.dueAt < before))
  );
}
