/**
 * `job()`: a Resque class, its argument list and its function in one typed object, used by the worker to run it and by
 * producers to enqueue it. Does not know Redis: sender.ts has the function that enqueues.
 */
import { TsworkerError } from '../errors.js';
import type { EnqueueResult, JobContext, JobFunction } from '../job.js';
import type { TimingOptions } from '../recurring/entry.js';
import { decodePayload, encodePayload } from '../resque/codec.js';
import { type Due, dueAt, dueIn } from '../resque/due.js';
import { checkExpiresIn } from '../resque/expiry.js';
import { checkQueueName } from '../resque/queue-name.js';
import { type Unique, uniquePolicy } from '../resque/unique.js';
import { withTimeout } from './deadline.js';
import { recurrenceOf, withRecurrence } from './recurrence.js';
import type { JobDefinition } from './registry.js';
import { type Retry, retryPolicy, withRetry } from './retry-policy.js';
import { checkReleases, type RubyLock } from './ruby-locks.js';
import { type ArgsSchema, checkArgs, type InputOf, type OutputOf } from './schema.js';
import { sender } from './sender.js';

/** Marks job() objects, for every copy of the package; its value is the function that the worker calls. */
const BRAND = Symbol.for('tsworker.job');
/** What else the worker and the command line read of such an object. */
const DECLARED = Symbol.for('tsworker.job.declared');

/** A typed job, made by `job()`. */
export interface Job<Args extends readonly unknown[] = readonly unknown[]> {
  /** The Resque class. */
  readonly class: string;
  /** The queue that `enqueue` pushes to. */
  readonly queue: string | undefined;
  /**
   * Pushes one job to `queue`. The arguments are checked as the worker will see them, after JSON.
   * Rejects with ArgumentsError (which names each problem), with TsworkerError PAYLOAD if JSON has no form for an argument,
   * with TsworkerError STATE where the job has no queue or there is no Redis connection, CONFLICT where it is unique, with
   * `onConflict: 'error'`, and another job keeps it out.
   */
  enqueue(...args: Args): Promise<EnqueueResult>;
  /** As `enqueue`, for so many seconds from now, by Redis' clock. */
  enqueueIn(seconds: number, ...args: Args): Promise<EnqueueResult>;
  /** As `enqueue`, for a time. */
  enqueueAt(at: Date, ...args: Args): Promise<EnqueueResult>;
}

/** What all kinds of typed jobs have. */
export interface JobOptions<Args extends readonly unknown[]> {
  /** The Resque class, as producers write it: `Reports::Daily`. */
  readonly class: string;
  /** Where `enqueue` pushes to; not needed to run jobs. */
  readonly queue?: string;
  /**
   * The time limit of a job in seconds, fractions allowed: then its signal aborts, it fails with TimeoutError, and its
   * slot is free. 0: no limit. Default: `-timeout`.
   */
  readonly timeout?: number;
  /**
   * Seconds, fractions allowed, after which a job that has not begun does not run, and counts as processed. For jobs that
   * this object enqueues; counted from when they are due.
   */
  readonly expiresIn?: number;
  /**
   * Whether a failed job runs again: `true` (up to 10 runs within about 21 hours), a number of runs, or options. Default:
   * the module's `export const retry`, else `-retry`.
   */
  readonly retry?: Retry;
  /** Enqueued again and again, without arguments: see {@link TimingOptions}. */
  readonly cron?: TimingOptions['cron'];
  /** As `cron`, at a fixed interval. */
  readonly every?: TimingOptions['every'];
  readonly timezone?: TimingOptions['timezone'];
  readonly missed?: TimingOptions['missed'];
  readonly overlap?: TimingOptions['overlap'];
  readonly jitter?: TimingOptions['jitter'];
  /**
   * Not enqueued while another job that is the same waits or runs: `true` (of all arguments the same), or options. For jobs
   * that this object enqueues.
   */
  readonly unique?: Unique<Args>;
  /** The keys of these plugins of Ruby producers are freed: `loner` (resque-loner) when a job starts, `resque-lock` at its end. */
  readonly releases?: readonly RubyLock[];
}

interface Unchecked<Args extends unknown[]> extends JobOptions<Args> {
  readonly args?: undefined;
  /** Resolving is success, rejecting or throwing is failure. The queue is `this.queue`. */
  perform(this: JobContext, ...args: Args): unknown;
}

interface Checked<S extends ArgsSchema> extends JobOptions<InputOf<S>> {
  /** A Standard Schema (zod, valibot, arktype, …) for the argument list: `z.tuple([z.number(), z.string()])`. */
  readonly args: S;
  /** Gets the arguments as the schema returns them. Wrong arguments fail the job before this is called. */
  perform(this: JobContext, ...args: OutputOf<S>): unknown;
}

/**
 * The last overload, since the compiler shows its error: what the first two require of the given definition.
 */
type Corrected<D> = D extends { readonly args: infer S }
  ? S extends ArgsSchema
    ? { perform(this: JobContext, ...args: OutputOf<S>): unknown }
    : { readonly args: NoListSchema }
  : { perform(this: JobContext, ...args: never[]): unknown };

/** Its member is always missing: the compiler then shows its name. */
interface NoListSchema {
  readonly 'args must be a schema of the list of arguments, for example z.tuple([z.string()])': never;
}

interface AnyDefinition extends JobOptions<never> {
  readonly args?: unknown;
  readonly perform: (...args: never[]) => unknown;
}

/**
 * Defines a typed job. Export it from a job module under any name; `enqueue` it from anywhere.
 * @throws TsworkerError JOBS if the class is empty, `perform` is not a function or the name of the queue is invalid
 */
export function job<const S extends ArgsSchema>(definition: Checked<S>): Job<InputOf<S>>;
export function job<Args extends unknown[]>(definition: Unchecked<Args>): Job<Args>;
export function job<const D extends AnyDefinition>(definition: D & Corrected<D>): never;
export function job(definition: Checked<ArgsSchema> | Unchecked<unknown[]> | AnyDefinition): Job {
  const { class: name, queue, timeout, retry, expiresIn, unique, perform } = definition as Checked<ArgsSchema>;
  const { args: schema, releases } = definition as Checked<ArgsSchema>;
  if (typeof name !== 'string' || name === '')
    throw new TsworkerError('JOBS', 'job() needs a class: { class: "MyClass" }');
  if (typeof perform !== 'function') throw new TsworkerError('JOBS', `job() of ${name} needs a perform function`);
  if (timeout !== undefined && !(timeout >= 0 && timeout <= LONGEST_TIMEOUT))
    throw new TsworkerError('JOBS', `job() of ${name}: timeout must be a number of seconds, 0 to ${LONGEST_TIMEOUT}`);
  if (queue !== undefined) checkQueueName(queue, `job() of ${name}`);
  checkExpiresIn(expiresIn, `job() of ${name}`);
  const declared = {
    unique: uniquePolicy(unique, `job() of ${name}`),
    releases: checkReleases(releases, `job() of ${name}`),
  };
  const options = { schema, expiresIn, unique: unique as Unique<never> | undefined };
  const made = {
    class: name,
    queue,
    enqueue: async (...args: readonly unknown[]) => enqueue(made, options, args),
    enqueueIn: async (seconds: number, ...args: readonly unknown[]) => enqueue(made, options, args, dueIn(seconds)),
    enqueueAt: async (at: Date, ...args: readonly unknown[]) => enqueue(made, options, args, dueAt(at)),
    [DECLARED]: declared,
    [BRAND]: withRecurrence(
      withRetry(
        withTimeout(runner(name, schema, perform), timeout === undefined ? undefined : timeout * 1000),
        retry === undefined ? undefined : retryPolicy(retry, `job() of ${name}`),
      ),
      recurrenceOf(definition as JobOptions<never[]>, schema),
    ),
  };
  return Object.freeze(made);
}

/** What makes an object one whose jobs the worker runs with this function. */
export function branded(fn: JobFunction): object {
  return { [BRAND]: fn };
}

/** The definition in a job() object; undefined if the value is not one. */
export function jobFunction(value: unknown): JobDefinition | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { class: name, queue, [BRAND]: fn, [DECLARED]: declared } = value as JobObject;
  if (typeof fn !== 'function' || typeof name !== 'string') return undefined;
  const ownQueue = typeof queue === 'string' && queue !== '' ? queue : undefined;
  return { class: name, fn: fn as JobFunction, queue: ownQueue, ...declared };
}

interface JobObject {
  readonly class?: unknown;
  readonly queue?: unknown;
  readonly [BRAND]?: unknown;
  readonly [DECLARED]?: Pick<JobDefinition, 'unique' | 'releases'>;
}

/** The longest time of a Node timer, in seconds. */
const LONGEST_TIMEOUT = 2_147_483;

type Call = (this: JobContext, ...args: unknown[]) => unknown;

/** Synchronous if the schema is. */
function runner(name: string, schema: ArgsSchema | undefined, perform: Call): JobFunction {
  return function (this: JobContext, _queue: string, ...args: unknown[]): unknown {
    if (schema === undefined) return perform.apply(this, args);
    const checked = checkArgs(schema, name, args);
    if (checked instanceof Promise) return checked.then((late) => perform.apply(this, [...late]));
    return perform.apply(this, [...checked]);
  };
}

interface SendOptions {
  readonly schema: ArgsSchema | undefined;
  readonly expiresIn: number | undefined;
  readonly unique: Unique<never> | undefined;
}

async function enqueue(
  job: Job,
  { schema, ...options }: SendOptions,
  given: readonly unknown[],
  due?: Due,
): Promise<EnqueueResult> {
  const { class: name, queue } = job;
  if (queue === undefined) {
    throw new TsworkerError('STATE', `${name} has no queue to be enqueued to`, {
      hint: `Give it one: job({ class: '${name}', queue: '…', … }).`,
    });
  }
  const args = [...given];
  // An optional argument that is `undefined` would arrive as null, which its schema rejects.
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  const arriving = decodePayload(Buffer.from(encodePayload(name, args)), true);
  if (schema !== undefined) await checkArgs(schema, name, arriving.args);
  return await sender()({ queue, class: name, args, due, ...options });
}
