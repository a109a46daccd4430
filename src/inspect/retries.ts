/**
 * Single retries: read queue by queue in the order in which they are due, filtered, and moved or removed. Each is
 * identified by its bytes, so only retries that the caller has seen are changed.
 */
import { createHash } from 'node:crypto';
import type { RetryState } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { failureParts } from '../resque/failure.js';
import type { Keys } from '../resque/keys.js';
import { type ClaimRecord, parseRecord } from '../resque/record.js';
import { type RetryDestination, type RetryItem, type RetryTaken, takeRetries } from '../resque/retries.js';
import { asError } from '../thrown.js';
import { askEach } from './batch.js';
import { type JobSeen, readJob } from './payload.js';

export interface RetryJob extends RetryItem, JobSeen {
  /** The id for the command line, the same while it waits or runs again. */
  readonly id: string;
  /** Milliseconds. */
  readonly dueAt: number;
  /** undefined if another program wrote it. */
  readonly state: RetryState | undefined;
}

/** All given criteria must match; of several classes or queues, one. */
export interface RetryFilter {
  /** For an ActiveJob job, the class of the job itself. */
  readonly classes?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  /** Due at this time (ms) or later. */
  readonly since?: number | undefined;
  /** Due before this time. */
  readonly before?: number | undefined;
  /** Found anywhere in the payload. */
  readonly text?: string | undefined;
  /** Found in the last error. */
  readonly error?: string | undefined;
  /** The beginnings of their ids. */
  readonly ids?: readonly string[] | undefined;
}

const PAGE = 200;

/** The number of retries by queue, without empty ones. */
export async function countRetries(connection: Connection, keys: Keys): Promise<ReadonlyMap<string, number>> {
  const names = await queuesOf(connection, keys);
  const sizes = await askEach(
    connection,
    names.map((name) => ['ZCARD', keys.retriesOf(name)]),
  );
  return new Map(names.flatMap((name, i) => (Number(sizes[i] ?? 0) > 0 ? [[name, Number(sizes[i])] as const] : [])));
}

export async function totalRetries(connection: Connection, keys: Keys): Promise<number> {
  return [...(await countRetries(connection, keys)).values()].reduce((sum, size) => sum + size, 0);
}

/** A key of another program with this name contains no queues. */
async function queuesOf(connection: Connection, keys: Keys): Promise<string[]> {
  try {
    return (await connection.send(['ZRANGE', keys.retries, '0', '-1'])) as string[];
  } catch (error) {
    if (isWrongType(error)) return [];
    throw error;
  }
}

/** Page by page. */
export async function* walkRetries(
  connection: Connection,
  keys: Keys,
  filter: RetryFilter = {},
): AsyncGenerator<RetryJob[]> {
  for await (const { taken } of takeMatchingRetries(connection, keys, filter, undefined)) yield [...taken];
}

/** The result of {@link takeMatchingRetries} for one page. */
export interface RetriesTaken {
  readonly taken: readonly RetryJob[];
  readonly left: readonly { readonly job: RetryJob; readonly why: Exclude<RetryTaken, 'taken'> }[];
}

/**
 * Takes all matching retries, page by page, each page in one atomic step.
 * @param destinationOf the destination of each; undefined: all stay
 */
export async function* takeMatchingRetries(
  connection: Connection,
  keys: Keys,
  filter: RetryFilter,
  destinationOf: ((job: RetryJob) => RetryDestination) | undefined,
): AsyncGenerator<RetriesTaken> {
  const queues = filter.queues ?? (await queuesOf(connection, keys));
  for (const queue of queues) {
    let [low, skip] = [filter.since === undefined ? '-inf' : String(filter.since), 0];
    for (;;) {
      const page = await readPage(connection, keys, queue, { low, skip, before: filter.before });
      const jobs = page.map(([envelope, score]) => readRetryJob({ queue, envelope }, score));
      const wanted = jobs.filter((job) => matches(job, filter));
      const done =
        destinationOf === undefined ? { taken: wanted, left: [] } : await take(connection, keys, wanted, destinationOf);
      if (wanted.length > 0) yield done;
      if (page.length < PAGE) break;
      // Those with the last score are read again, except those that were skipped there.
      const last = page[page.length - 1][1];
      const gone = destinationOf === undefined ? new Set() : new Set(done.taken);
      const passed = jobs.filter((job) => job.dueAt === last && !gone.has(job)).length;
      skip = low === String(last) ? skip + passed : passed;
      low = String(last);
    }
  }
}

async function take(
  connection: Connection,
  keys: Keys,
  jobs: readonly RetryJob[],
  destinationOf: (job: RetryJob) => RetryDestination,
): Promise<RetriesTaken> {
  const states = await takeRetries(
    connection,
    keys,
    jobs.map((job) => ({ ...job, destination: destinationOf(job) })),
  );
  const left = jobs.flatMap((job, i) => {
    const why = states[i];
    return why === 'taken' ? [] : [{ job, why }];
  });
  return { taken: jobs.filter((_, i) => states[i] === 'taken'), left };
}

interface Range {
  readonly low: string;
  readonly skip: number;
  readonly before: number | undefined;
}

async function readPage(connection: Connection, keys: Keys, queue: string, { low, skip, before }: Range) {
  const range = [low, before === undefined ? '+inf' : `(${before}`, 'WITHSCORES', 'LIMIT', String(skip), String(PAGE)];
  try {
    const command = ['ZRANGEBYSCORE', keys.retriesOf(queue), ...range];
    return pairsOf((await connection.send(command, { binary: true })) as readonly (Buffer | [Buffer, unknown])[]);
  } catch (error) {
    if (isWrongType(error)) return [];
    throw error;
  }
}

/** RESP3 replies with pairs, RESP2 with a flat list. */
function pairsOf(reply: readonly (Buffer | [Buffer, unknown])[]): [Buffer, number][] {
  if (Array.isArray(reply[0]))
    return (reply as [Buffer, unknown][]).map(([envelope, score]) => [envelope, Number(String(score))]);
  const flat = reply as readonly Buffer[];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], Number(flat[2 * i + 1].toString())]);
}

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

function readRetryJob(item: RetryItem, dueAt: number): RetryJob {
  const record = readEnvelope(item);
  const state = record.retry;
  const id = createHash('sha1')
    .update(state === undefined ? item.envelope : state.id)
    .digest('hex');
  return { ...item, ...readJob(record.payload), id, dueAt, state };
}

/** A member that is not an envelope is treated as a payload, as workers do. */
function readEnvelope({ queue, envelope }: RetryItem): Pick<ClaimRecord, 'payload' | 'shown' | 'strict' | 'retry'> & {
  readonly queue: string;
} {
  const record = parseRecord(envelope);
  if (record !== undefined && record.retry !== undefined) return record;
  const shown = Buffer.from(JSON.stringify({ class: 'InvalidPayload', args: [envelope.toString()] }));
  return { queue, payload: envelope, shown, strict: false, retry: undefined };
}

/** For its queue, where its attempts start again. */
export function retryPayload(job: RetryJob): Buffer {
  return readEnvelope(job).payload;
}

/** For `failed`: with its last error and the history. */
export function retryEntry(job: RetryJob): Buffer {
  const { shown, strict, payload, retry } = readEnvelope(job);
  const last = retry?.errors.at(-1);
  const [, name, message] = /^([^\s:]+(?:::[^\s:]+)*): ([\s\S]*)$/.exec(last?.error ?? '') ?? [];
  const error = new Error(message ?? last?.error ?? 'moved here before it ran again');
  error.name = name ?? 'Error';
  error.stack = '';
  const { head, tail } = failureParts(asError(error), {
    workerId: last?.worker ?? '',
    queue: job.queue,
    failedAt: new Date(),
    retry: retry === undefined ? undefined : { ...retry, attempt: Math.max(1, retry.attempt - 1) },
    ...(strict ? {} : { raw: payload }),
  });
  return Buffer.concat([Buffer.from(head), shown, Buffer.from(tail)]);
}

function matches(job: RetryJob, { classes, queues, text, error, ids }: RetryFilter): boolean {
  return (
    (classes === undefined || classes.includes(job.class)) &&
    (queues === undefined || queues.includes(job.queue)) &&
    (text === undefined || job.payload.includes(text)) &&
    (error === undefined || job.state?.errors.at(-1)?.error.includes(error) === true) &&
    (ids === undefined || ids.some((id) => job.id.startsWith(id)))
  );
}
