/**
 * `activeJob()`: a job class of a Rails application, its arguments and its function in one typed object. As `job()`, but
 * its payloads are ActiveJob's, in both directions. Knows no Redis: sending is left to the slot in sender.ts.
 */
import { type DecodeOptions, decodeArguments } from '../active-job/decode.js';
import { encodeArguments } from '../active-job/encode.js';
import type { GlobalId } from '../active-job/global-id.js';
import type { BigDecimal, RubyDate, RubySymbol } from '../active-job/values.js';
import { TsworkerError } from '../errors.js';
import type { ActiveJobInfo, JobContext, JobFunction } from '../job.js';
import type { TimingOptions } from '../recurring/entry.js';
import { decodePayload, encodePayload } from '../resque/codec.js';
import type { Unique } from '../resque/unique.js';
import { type EnqueuedActiveJob, enqueueActiveJob, type NewActiveJob } from './enqueue-active-job.js';
import { branded, type JobOptions, job, jobFunction } from './job.js';
import { type ArgsSchema, checkArgs, type InputOf, type OutputOf } from './schema.js';
import { verdictOf } from './verdicts.js';
import { withDecode } from './wrapped.js';

/** `this` in an `activeJob()`. */
export interface ActiveJobContext extends JobContext {
  readonly activeJob: ActiveJobInfo;
}

/** What may be enqueued where `perform` gets a T: a GlobalId for a record, a symbol for a text, … */
export type Enqueueable<T> = unknown extends T
  ? unknown
  : T extends string
    ? T | RubySymbol | RubyDate | BigDecimal
    : T extends Date | GlobalId | RubySymbol | RubyDate | BigDecimal
      ? T
      : T extends readonly unknown[]
        ? { [K in keyof T]: Enqueueable<T[K]> }
        : T extends object
          ? GlobalId | { readonly [K in keyof T]: Enqueueable<T[K]> }
          : T;

type EnqueueableList<Args extends readonly unknown[]> = { [K in keyof Args]: Enqueueable<Args[K]> };

/** A typed job of a Rails application, made by `activeJob()`. */
export interface ActiveJob<Args extends readonly unknown[] = readonly unknown[]> {
  /** The job's class in Rails. */
  readonly class: string;
  /** The queue that `enqueue` pushes to. */
  readonly queue: string | undefined;
  /**
   * Pushes one job to `queue`, for Rails or for this object. Keyword arguments are the last: `keywords({ … })`. With a
   * schema the arguments are checked as the worker will see them, unless it has to load records first.
   * Rejects as `enqueueActiveJob`, with ArgumentsError, and with TsworkerError STATE where the job has no queue.
   */
  enqueue(...args: EnqueueableList<Args>): Promise<EnqueuedActiveJob>;
  /** As `enqueue`, for so many seconds from now, by Redis' clock. */
  enqueueIn(seconds: number, ...args: EnqueueableList<Args>): Promise<EnqueuedActiveJob>;
  /** As `enqueue`, for a time. */
  enqueueAt(at: Date, ...args: EnqueueableList<Args>): Promise<EnqueuedActiveJob>;
}

interface Definition<Args extends readonly unknown[]>
  extends Omit<JobOptions<EnqueueableList<Args>>, keyof TimingOptions> {
  /** Loads the record of a GlobalID. undefined and null: there is none. Default: the GlobalId itself arrives. */
  readonly globalId?: (this: JobContext, gid: GlobalId) => unknown;
  /** The application's own serializers, by their Ruby class: from the members that they wrote to the argument. */
  readonly serializers?: DecodeOptions['serializers'];
  /** true: symbols, dates and decimals arrive as RubySymbol, RubyDate and BigDecimal. Default: as texts. */
  readonly exact?: boolean;
}

interface Unchecked<Args extends unknown[]> extends Definition<Args> {
  readonly args?: undefined;
  /** Resolving is success, rejecting or throwing is failure. Keyword arguments are the last, an object. */
  perform(this: ActiveJobContext, ...args: Args): unknown;
}

interface Checked<S extends ArgsSchema> extends Definition<InputOf<S>> {
  /** A Standard Schema for the argument list, as decoded, keyword arguments last. */
  readonly args: S;
  /** Gets the arguments as the schema returns them. */
  perform(this: ActiveJobContext, ...args: OutputOf<S>): unknown;
}

/**
 * Defines a job of a Rails application. Export it from a job module under any name; `enqueue` it from anywhere.
 * @throws TsworkerError JOBS as `job()`, and where `globalId` or a serializer is no function
 */
export function activeJob<const S extends ArgsSchema>(definition: Checked<S>): ActiveJob<InputOf<S>>;
export function activeJob<Args extends unknown[]>(definition: Unchecked<Args>): ActiveJob<Args>;
export function activeJob(definition: Checked<ArgsSchema> | Unchecked<unknown[]>): ActiveJob {
  const { class: name, queue } = definition;
  const { fn } = jobFunction(job(definition as Parameters<typeof job>[0])) as { fn: JobFunction };
  checkFunctions(definition);
  const options = decodeOptions(definition);
  const run = withDecode(fn, function (given) {
    return decodeArguments(given, options(this));
  });
  return Object.freeze({
    class: name,
    queue,
    enqueue: async (...args: readonly unknown[]) => send(definition, args),
    enqueueIn: async (seconds: number, ...args: readonly unknown[]) => send(definition, args, { in: seconds }),
    enqueueAt: async (at: Date, ...args: readonly unknown[]) => send(definition, args, { at }),
    ...branded(run),
  });
}

type AnyDefinition = Pick<Definition<never>, 'class' | 'globalId' | 'serializers' | 'exact'>;

function checkFunctions({ class: name, globalId, serializers }: AnyDefinition): void {
  for (const [what, given] of Object.entries({ globalId, ...serializers }))
    if (given !== undefined && typeof given !== 'function')
      throw new TsworkerError('JOBS', `activeJob() of ${name}: ${what} must be a function`);
}

/** What the job itself decided about its end, in `globalId`, holds; so does that it was stopped. */
function decodeOptions({ globalId, serializers, exact }: AnyDefinition): (context: JobContext) => DecodeOptions {
  return (context) => ({
    globalId: globalId && ((gid) => globalId.call(context, gid)),
    serializers,
    exact,
    passes: (thrown) => verdictOf(thrown) !== undefined || context.signal.aborted,
  });
}

async function send(
  definition: Checked<ArgsSchema> | Unchecked<unknown[]>,
  given: readonly unknown[],
  when: Pick<NewActiveJob, 'in' | 'at'> = {},
): Promise<EnqueuedActiveJob> {
  const { class: name, queue, expiresIn } = definition;
  const unique = definition.unique as Unique<never> | undefined;
  if (queue === undefined)
    throw new TsworkerError('STATE', `${name} has no queue to be enqueued to`, {
      hint: `Give it one: activeJob({ class: '${name}', queue: '…', … }).`,
    });
  const args = [...given];
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  if (definition.args !== undefined) await checkArriving(definition, args);
  return await enqueueActiveJob({ class: name, queue, arguments: args, ...when, expiresIn, unique });
}

/** As the worker will see them, unless it has to load records first: those it checks itself. */
async function checkArriving(definition: Checked<ArgsSchema>, args: readonly unknown[]): Promise<void> {
  const { class: name, args: schema, globalId, serializers, exact } = definition;
  const { args: arriving } = decodePayload(Buffer.from(encodePayload(name, encodeArguments(args))), true);
  let loads = false;
  const load = (gid: GlobalId) => {
    loads = true;
    return gid;
  };
  const decoded = await decodeArguments(arriving, { globalId: globalId && load, serializers, exact });
  if (!loads) await checkArgs(schema, name, decoded);
}
