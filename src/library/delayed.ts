/** Jobs for later: enqueued, looked at, and taken back. The format in Redis is resque-scheduler's (see resque/delayed.ts). */
import { TsworkerError } from '../errors.js';
import { type DelayedJob, takeMatching, walkDelayed } from '../inspect/delayed-items.js';
import { comparable } from '../inspect/queued.js';
import { connected } from '../program/connection.js';
import { pushDelayed } from '../program/enqueue.js';
import { decodePayload } from '../resque/codec.js';
import { type Due, dueAt, dueIn } from '../resque/due.js';
import type { NewJob } from '../resque/enqueue.js';
import { createKeys } from '../resque/keys.js';

/** What became of a job that was enqueued for later. */
export type Scheduled =
  | { readonly status: 'delayed' /** When it is due, in whole seconds. */; readonly at: Date }
  /** It was due already, and is in its queue. */
  | { readonly status: 'enqueued' };

/** Which delayed jobs are meant: all that is given must hold. */
export interface DelayedMatch {
  /** Of an ActiveJob job its own class. */
  readonly class?: string;
  /** All arguments, compared as JSON. */
  readonly args?: readonly unknown[];
  readonly queue?: string;
}

/** A job that waits for its time. */
export interface DelayedEntry {
  readonly queue: string;
  readonly class: string;
  readonly args: readonly unknown[];
  readonly at: Date;
}

/**
 * Enqueues one job, or many, for so many seconds from now, by Redis' clock. A running scheduler moves them to their queues:
 * every tsworker has one (`-scheduler`), and Ruby's resque-scheduler does it too.
 * @param seconds fractions allowed; due times are rounded up to whole seconds. 0 or less: at once
 * @throws TsworkerError USAGE where the time or a job is wrong; else as `enqueue`
 */
export async function enqueueIn(seconds: number, job: NewJob): Promise<Scheduled>;
export async function enqueueIn(seconds: number, jobs: readonly NewJob[]): Promise<Scheduled[]>;
export async function enqueueIn(seconds: number, jobs: NewJob | readonly NewJob[]): Promise<Scheduled | Scheduled[]> {
  return await schedule(dueIn(seconds), jobs);
}

/**
 * Enqueues one job, or many, for a time. A time that has passed: at once.
 * @throws TsworkerError USAGE where the time or a job is wrong; else as `enqueue`
 */
export async function enqueueAt(at: Date, job: NewJob): Promise<Scheduled>;
export async function enqueueAt(at: Date, jobs: readonly NewJob[]): Promise<Scheduled[]>;
export async function enqueueAt(at: Date, jobs: NewJob | readonly NewJob[]): Promise<Scheduled | Scheduled[]> {
  return await schedule(dueAt(at), jobs);
}

async function schedule(due: Due, jobs: NewJob | readonly NewJob[]): Promise<Scheduled | Scheduled[]> {
  const isList = Array.isArray(jobs);
  const list = isList ? (jobs as readonly NewJob[]) : [jobs as NewJob];
  const times = await pushDelayed(list, due);
  const scheduled = times.map(
    (at): Scheduled => (at === undefined ? { status: 'enqueued' } : { status: 'delayed', at }),
  );
  return isList ? scheduled : scheduled[0];
}

/** The jobs that wait for their time, the next due first. Entries that are no job are left out. */
export async function* delayed(match: DelayedMatch = {}): AsyncGenerator<DelayedEntry> {
  const { connection, namespace } = await connected();
  for await (const page of walkDelayed(connection, createKeys(namespace), filterOf(match)))
    for (const job of page) {
      const entry = entryOf(job);
      if (entry !== undefined && hasArgs(job, match.args)) yield entry;
    }
}

/**
 * Takes delayed jobs back: they never run.
 * @returns how many
 * @throws TsworkerError USAGE where nothing is given to match: that would be all of them
 */
export async function cancelDelayed(match: DelayedMatch): Promise<number> {
  if (match.class === undefined && match.queue === undefined)
    throw new TsworkerError('USAGE', 'cancelDelayed needs a class or a queue: cancelDelayed({ class, args })');
  const { connection, namespace } = await connected();
  const pages = takeMatching(connection, createKeys(namespace), filterOf(match), (job) =>
    hasArgs(job, match.args) ? { to: 'nowhere' } : undefined,
  );
  let cancelled = 0;
  for await (const { taken } of pages) cancelled += taken.length;
  return cancelled;
}

function filterOf({ class: name, queue }: DelayedMatch) {
  return { classes: name === undefined ? undefined : [name], queues: queue === undefined ? undefined : [queue] };
}

function hasArgs(job: DelayedJob, args: readonly unknown[] | undefined): boolean {
  return args === undefined || comparable(entryOf(job)?.args) === comparable(args);
}

function entryOf(job: DelayedJob): DelayedEntry | undefined {
  if (job.dueAt === undefined || job.queue === '') return undefined;
  try {
    const { class: name, args } = decodePayload(job.item, true);
    return { queue: job.queue, class: name, args, at: new Date(job.dueAt) };
  } catch {
    return undefined;
  }
}
