/**
 * Runs the job of a claim: decodes the payload, finds the function, calls it. The engine's Perform. Hot path: creates no
 * promise, and computes nothing that the function does not use. Does not know Redis.
 */
import { UnknownJobClassError } from '../active-job/errors.js';
import type { Perform } from '../engine/interfaces.js';
import type { Run } from '../engine/run.js';
import { TsworkerError } from '../errors.js';
import type { DecodedPayload, Decoder } from '../job.js';
import { decodePayload, toPayload } from '../resque/codec.js';
import { WRAPPER } from '../resque/wrapper.js';
import { RunContext, type Surroundings } from './context.js';
import { limit, timeoutOf } from './deadline.js';
import type { OutcomeHooks } from './outcome-hooks.js';
import type { FunctionRegistry } from './registry.js';
import { type DeleteKeys, withReleases } from './ruby-locks.js';
import { Expired } from './verdicts.js';
import { callWrapped, type ReadJob, unwrap } from './wrapped.js';

/** Observes every job, from before its function to its result, for traces. */
export interface Watcher {
  /** Whether jobs are observed now. Checked for each job, so it must cost nothing. */
  readonly watches: boolean;
  /** Calls `job` once, and returns its result or throws its error. The class of the run is known by then. */
  around(run: Run, job: () => unknown): unknown;
}

export interface PerformOptions extends Surroundings {
  readonly functions: FunctionRegistry;
  /** Replaces JSON. Default: the decoder in the registry. */
  readonly decoder?: Decoder | undefined;
  /** Integers beyond ±(2^53 - 1) arrive as `bigint`. */
  readonly useNumber: boolean;
  /** The time limit for classes without one. Milliseconds; 0: none. */
  readonly timeoutMs: number;
  /** The time of Redis in milliseconds, for jobs that expire. Default: the time of this machine. */
  readonly serverTimeMs?: (() => Promise<number>) | undefined;
  /** Deletes keys of Ruby's plugins (`releases`). Absent: none are. */
  readonly deleteKeys?: DeleteKeys | undefined;
  /** The hooks that are told how jobs end; absent: there are none. */
  readonly outcomeHooks?: OutcomeHooks | undefined;
  readonly watcher?: Watcher | undefined;
}

const SHOWN_ARGS = 200;

/** The error of a job whose class is not registered. */
export class UnknownClassError extends TsworkerError {
  override readonly name: string = 'UnknownClassError';

  constructor(job: DecodedPayload, queue: string) {
    super('PAYLOAD', `No worker for ${job.class} in queue ${queue} with args ${showArgs(job.args)}`);
  }
}

/**
 * Runs the job of a claim, and returns the result of its function. Throws if the payload cannot be decoded (TsworkerError
 * PAYLOAD), the class is unknown (UnknownClassError), or the function throws.
 */
export function createPerform(options: PerformOptions): Perform {
  const { functions, useNumber, timeoutMs, outcomeHooks, deleteKeys } = options;
  const { workerId, log, flags, attempts } = options;
  const surroundings: Surroundings = { workerId, log, flags, attempts };
  const decoder = options.decoder ?? functions.decoder;
  const decode =
    decoder === undefined
      ? (payload: Buffer) => decodePayload(payload, useNumber)
      : (payload: Buffer) => decodeWith(decoder, payload);
  const isRegistered = (className: string) => functions.get(className) !== undefined;
  const read = (run: Run): ReadJob => {
    const payload = decode(run.claim.payload);
    run.class = payload.class;
    const job = payload.class === WRAPPER ? unwrap(payload, isRegistered) : payload;
    run.class = job.class;
    outcomeHooks?.remember(run, job);
    return job;
  };
  const call = (run: Run, job: ReadJob): unknown => {
    const { queue } = run.claim;
    const { activeJob } = job;
    const registered = functions.get(job.class);
    if (registered === undefined)
      throw activeJob === undefined ? new UnknownClassError(job, queue) : new UnknownJobClassError(job.class);
    const limitMs = timeoutOf(registered.fn) ?? timeoutMs;
    if (limitMs > 0) limit(run, limitMs);
    const context = new RunContext(run, job, surroundings, registered);
    if (activeJob === undefined) return registered.fn.call(context, queue, ...(job.args as never[]));
    // While its records were loaded, its time may have been over.
    const callDecoded = () => (run.settled ? undefined : registered.fn.call(context, queue, ...(job.args as never[])));
    return callWrapped(job, registered.decode, context, callDecoded);
  };
  const callInTime = (run: Run, job: ReadJob): unknown =>
    job.expiresAt === undefined ? call(run, job) : unlessExpired(job.expiresAt, options, () => call(run, job));
  const callReleasing = (run: Run, job: DecodedPayload): unknown => {
    const releases = functions.get(job.class)?.releases;
    if (releases === undefined || deleteKeys === undefined) return callInTime(run, job);
    return withReleases(releases, { job, queue: run.claim.queue, deleteKeys }, () => callInTime(run, job));
  };
  const { watcher } = options;
  return (run) => {
    if (watcher === undefined || !watcher.watches) return callReleasing(run, read(run));
    const job = attempt(() => read(run));
    // An unreadable payload is observed too, as a job that fails.
    return watcher.around(run, () => callReleasing(run, job()));
  };
}

/** Where Redis does not say its time, this machine's counts: a job that has been claimed is run or not. */
async function unlessExpired(
  expiresAt: number,
  { serverTimeMs }: Pick<PerformOptions, 'serverTimeMs'>,
  call: () => unknown,
): Promise<unknown> {
  const now = (await serverTimeMs?.().catch(() => undefined)) ?? Date.now();
  if (now >= expiresAt) throw new Expired(now - expiresAt);
  return await call();
}

/** The value, or what was thrown, to be had later. */
function attempt<T>(make: () => T): () => T {
  try {
    const value = make();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A decoder is user code: its result is checked (goworker panics). */
function decodeWith(decoder: Decoder, payload: Buffer): DecodedPayload {
  const decoded: unknown = decoder(payload.toString());
  if (decoded instanceof Promise) {
    decoded.catch(() => {}); // Nobody will await it; its rejection must not end the process.
    throw new TsworkerError('PAYLOAD', 'the decoder returned a promise; it must return { class, args } at once');
  }
  return toPayload(decoded, "the decoder's result");
}

function showArgs(args: readonly unknown[]): string {
  let text: string;
  try {
    text = JSON.stringify(args, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  } catch {
    return '[…]'; // Nested too deeply for JSON.stringify.
  }
  return text.length > SHOWN_ARGS ? `${text.slice(0, SHOWN_ARGS)}…` : text;
}
