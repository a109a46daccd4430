/** Delayed jobs: enqueue, list, cancel. The format in Redis is resque-scheduler's (see resque/delayed.ts). */
import { TsworkerError } from '../errors.js';
import { type DelayedJob, takeMatching, walkDelayed } from '../inspect/delayed-items.js';
import { ownArgs } from '../inspect/payload.js';
import type { EnqueueResult } from '../job.js';
import { connected } from '../program/connection.js';
import { pushDelayed } from '../program/enqueue.js';
import { decodePayload } from '../resque/codec.js';
import { comparable } from '../resque/comparable.js';
import { type Due, dueAt, dueIn } from '../resque/due.js';
import type { NewJob } from '../resque/enqueue.js';
import { createKeys } from '../resque/keys.js';

/** Selects delayed jobs: all given criteria must match. */
export interface DelayedMatch {
  /** For an ActiveJob job, the class of the job itself. */
  readonly class?: string;
  /** All arguments, compared as JSON. For an ActiveJob job, those of the job itself. */
  readonly args?: readonly unknown[];
  readonly queue?: string;
}

/** A delayed job. For an ActiveJob job, class and arguments are those of the job itself. */
export interface DelayedEntry {
  readonly queue: string;
  readonly class: string;
  readonly args: readonly unknown[];
  readonly at: Date;
}

/**
 * Enqueues one job, or many, with a delay, by Redis' clock. A running scheduler moves them to their queues: every
 * tsworker has one (`-scheduler`), and so does Ruby's resque-scheduler.
 * @param seconds the delay, fractions allowed; due times are rounded up to whole seconds. 0 or less: at once
 * @throws TsworkerError USAGE if the time or a job is invalid; otherwise as `enqueue`
 */
export async function enqueueIn(seconds: number, job: NewJob): Promise<EnqueueResult>;
export async function enqueueIn(seconds: number, jobs: readonly NewJob[]): Promise<EnqueueResult[]>;
export async function enqueueIn(
  seconds: number,
  jobs: NewJob | readonly NewJob[],
): Promise<EnqueueResult | EnqueueResult[]> {
  return await schedule(dueIn(seconds), jobs);
}

/**
 * Enqueues one job, or many, to run at a time.
 * @param at due times are rounded up to whole seconds. In the past: at once
 * @throws TsworkerError USAGE if the time or a job is invalid; otherwise as `enqueue`
 */
export async function enqueueAt(at: Date, job: NewJob): Promise<EnqueueResult>;
export async function enqueueAt(at: Date, jobs: readonly NewJob[]): Promise<EnqueueResult[]>;
export async function enqueueAt(at: Date, jobs: NewJob | readonly NewJob[]): Promise<EnqueueResult | EnqueueResult[]> {
  return await schedule(dueAt(at), jobs);
}

async function schedule(due: Due, jobs: NewJob | readonly NewJob[]): Promise<EnqueueResult | EnqueueResult[]> {
  const isList = Array.isArray(jobs);
  const list = isList ? (jobs as readonly NewJob[]) : [jobs as NewJob];
  const results = await pushDelayed(list, due);
  return isList ? results : results[0];
}

/**
 * The delayed jobs, the next due first. Entries that are not valid jobs are skipped.
 * @param match default: all
 * @throws TsworkerError REDIS if Redis cannot be reached
 */
export async function* delayed(match: DelayedMatch = {}): AsyncGenerator<DelayedEntry> {
  const { connection, namespace } = await connected();
  for await (const page of walkDelayed(connection, createKeys(namespace), filterOf(match)))
    for (const job of page) {
      const entry = entryOf(job);
      if (entry !== undefined && hasArgs(job, match.args)) yield entry;
    }
}

/**
 * Removes delayed jobs: they will not run.
 * @returns the number of jobs removed
 * @throws TsworkerError USAGE without a class or a queue, which would match all; REDIS if Redis cannot be reached
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
    const args = ownArgs(decodePayload(job.item, true));
    return { queue: job.queue, class: job.class, args, at: new Date(job.dueAt) };
  } catch {
    return undefined;
  }
}
