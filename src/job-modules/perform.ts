/**
 * From a claim to the user's function: decode, look up, call. The engine's Perform port. Runs once for each job, so it
 * makes no promise and computes nothing that the function does not ask for. Must not know Redis.
 */
import type { Perform } from '../engine/interfaces.js';
import type { Run } from '../engine/run.js';
import { TsworkerError } from '../errors.js';
import type { DecodedPayload, Decoder } from '../job.js';
import { decodePayload, toPayload } from '../resque/codec.js';
import { RunContext, type Surroundings } from './context.js';
import { limit, timeoutOf } from './deadline.js';
import type { OutcomeHooks } from './outcome-hooks.js';
import type { FunctionRegistry } from './registry.js';
import { Expired } from './verdicts.js';

/** Sees every job run, from before its function to what comes of it: traces. */
export interface Watcher {
  /** Whether anybody looks now. Asked for each job, so it must cost nothing. */
  readonly watches: boolean;
  /** Calls `job`, once, and returns what it returns or throws what it throws. The class of the run is known by then. */
  around(run: Run, job: () => unknown): unknown;
}

export interface PerformOptions extends Surroundings {
  readonly functions: FunctionRegistry;
  /** Replaces JSON; the registry's own decoder where absent. */
  readonly decoder?: Decoder | undefined;
  /** Integers beyond ±(2^53 - 1) arrive as `bigint`. */
  readonly useNumber: boolean;
  /** For jobs without a limit of their own. Milliseconds; 0: none. */
  readonly timeoutMs: number;
  /** Redis' clock; this machine's where absent. Milliseconds. Asked for jobs that expire only. */
  readonly serverTimeMs?: (() => Promise<number>) | undefined;
  /** The hooks that are told how jobs end; absent: there are none. */
  readonly outcomeHooks?: OutcomeHooks | undefined;
  readonly watcher?: Watcher | undefined;
}

const SHOWN_ARGS = 200;

/** A job of a class that nobody registered. */
export class UnknownClassError extends TsworkerError {
  override readonly name: string = 'UnknownClassError';

  constructor(job: DecodedPayload, queue: string) {
    super('PAYLOAD', `No worker for ${job.class} in queue ${queue} with args ${showArgs(job.args)}`);
  }
}

/**
 * Runs the job of a claim. What it returns is what the function returned; it throws where the payload cannot be read
 * (TsworkerError PAYLOAD), the class is unknown (UnknownClassError), or the function throws.
 */
export function createPerform(options: PerformOptions): Perform {
  const { functions, useNumber, timeoutMs, outcomeHooks } = options;
  const { workerId, log, flags, attempts } = options;
  const surroundings: Surroundings = { workerId, log, flags, attempts };
  const decoder = options.decoder ?? functions.decoder;
  const decode =
    decoder === undefined
      ? (payload: Buffer) => decodePayload(payload, useNumber)
      : (payload: Buffer) => decodeWith(decoder, payload);
  const read = (run: Run): DecodedPayload => {
    const job = decode(run.claim.payload);
    run.class = job.class;
    outcomeHooks?.remember(run, job);
    return job;
  };
  const call = (run: Run, job: DecodedPayload): unknown => {
    const { queue } = run.claim;
    const registered = functions.get(job.class);
    if (registered === undefined) throw new UnknownClassError(job, queue);
    const limitMs = timeoutOf(registered.fn) ?? timeoutMs;
    if (limitMs > 0) limit(run, limitMs);
    return registered.fn.call(new RunContext(run, job, surroundings, registered), queue, ...(job.args as never[]));
  };
  const callInTime = (run: Run, job: DecodedPayload): unknown =>
    job.expiresAt === undefined ? call(run, job) : unlessExpired(job.expiresAt, options, () => call(run, job));
  const { watcher } = options;
  return (run) => {
    if (watcher === undefined || !watcher.watches) return callInTime(run, read(run));
    const job = attempt(() => read(run));
    // A payload that cannot be read is watched too: it fails, as its function would.
    return watcher.around(run, () => callInTime(run, job()));
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

/** A decoder is user code: what it returns is checked, where goworker panics. */
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
    return '[…]'; // Nested deeper than JSON.stringify goes.
  }
  return text.length > SHOWN_ARGS ? `${text.slice(0, SHOWN_ARGS)}…` : text;
}
