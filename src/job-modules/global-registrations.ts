/**
 * goworker's `register` and `registerDecoder`: calls that come from anywhere, kept until a registry takes them. The
 * loader asks after each module what came meanwhile, so it knows the file; the rest came from the program itself.
 *
 * The list lives on globalThis, which is avoided elsewhere. Here it cannot be avoided: a job module may import a
 * copy of the package that is not the one that runs it (npx's cache and the project's node_modules), and what it
 * registers there would otherwise be lost without a word.
 */
import { TsworkerError } from '../errors.js';
import type { Decoder, FlagOptions, JobContext, JobFunction } from '../job.js';
import type { Layer } from '../middleware.js';
import { type Job, jobFunction } from './job.js';
import type { FunctionRegistry, JobDefinition } from './registry.js';
import type { RetryPolicy } from './retry-policy.js';

export const PROGRAM = 'this program';

export type Registration =
  | ({ readonly kind: 'function' } & JobDefinition)
  | { readonly kind: 'decoder'; readonly decode: Decoder };

interface Ambient {
  readonly program: Registration[];
  /** By real path. A module runs once in a process, but may be loaded more than once. */
  readonly byFile: Map<string, Registration[]>;
}

const SLOT = Symbol.for('tsworker.registrations');

/**
 * Registers the function of a Resque class, or a `job()`, inside a job module or before `work()`.
 * @param className the class as producers write it; a `job()` brings its own
 * @param fn gets the queue and the payload's arguments
 * @throws TsworkerError JOBS where the class is empty or `fn` is no function; doubles are reported when work begins
 * @typeParam F the type of the module's `flags`, taken from `this: JobContext<typeof flags>`
 */
export function register<F = Record<string, FlagOptions>>(
  className: string,
  fn: (this: JobContext<F>, queue: string, ...args: never[]) => unknown,
): void;
export function register(job: Pick<Job, 'class' | 'queue'>): void;
export function register(subject: unknown, given?: unknown): void {
  const { class: className, fn, queue } = jobFunction(subject) ?? { class: subject, fn: given, queue: undefined };
  if (typeof className !== 'string' || className === '') {
    throw new TsworkerError('JOBS', "register needs a Resque class or a job(): register('MyClass', fn)");
  }
  if (typeof fn !== 'function') throw new TsworkerError('JOBS', `register('${className}', …) needs a function`);
  ambient().program.push({ kind: 'function', class: className, fn: fn as JobFunction, queue });
}

/**
 * Replaces the decoding of all payloads.
 * @param decode gets the payload's text, returns class and arguments at once (no promise); what it throws fails the job
 * @throws TsworkerError JOBS where `decode` is no function; a second decoder is reported when work begins
 */
export function registerDecoder(decode: Decoder): void {
  if (typeof decode !== 'function') throw new TsworkerError('JOBS', 'registerDecoder needs a function');
  ambient().program.push({ kind: 'decoder', decode });
}

/** What the program itself registered so far. */
export function programRegistrations(): readonly Registration[] {
  return ambient().program;
}

/**
 * Runs `load`, and takes from the list what was registered meanwhile: that came from the file. Loads must follow one
 * another. A file that was loaded before registers what it did then.
 */
export async function registrationsOf<T>(
  file: string,
  load: () => Promise<T>,
): Promise<{ module: T; registrations: readonly Registration[] }> {
  const { program, byFile } = ambient();
  const before = program.length;
  try {
    const module = await load();
    const fresh = program.splice(before);
    if (fresh.length > 0) byFile.set(file, fresh);
    return { module, registrations: byFile.get(file) ?? [] };
  } catch (error) {
    program.splice(before);
    throw error;
  }
}

/**
 * Adds registrations to a registry, under one origin.
 * @param module its retry options, for those that have none of their own, and its middleware
 */
export function addAll(
  registry: FunctionRegistry,
  registrations: readonly Registration[],
  origin: string,
  { retry, layers }: { readonly retry?: RetryPolicy | undefined; readonly layers?: readonly Layer[] } = {},
): void {
  for (const registration of registrations) {
    if (registration.kind === 'function') registry.add({ ...registration, retry }, origin, layers);
    else registry.setDecoder(registration.decode, origin);
  }
}

function ambient(): Ambient {
  const shared = globalThis as typeof globalThis & { [SLOT]?: Ambient };
  shared[SLOT] ??= { program: [], byFile: new Map() };
  return shared[SLOT];
}
