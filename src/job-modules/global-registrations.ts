/**
 * goworker's `register` and `registerDecoder`: stores the calls until a registry reads them. The loader reads them after
 * each module, so it knows the file; the others come from the program itself.
 *
 * The list is on globalThis, which is necessary here: a job module may import another copy of the package than the one that
 * runs it (npx's cache and the project's node_modules), and its registrations would otherwise be lost silently.
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
  /** By real path. A module is evaluated once in a process, and may be loaded several times. */
  readonly byFile: Map<string, Registration[]>;
}

const SLOT = Symbol.for('tsworker.registrations');

/**
 * Registers the function of a Resque class, or a `job()`, inside a job module or before `work()`.
 * @param className the class as producers write it; a `job()` has its own
 * @param fn gets the queue and the payload's arguments
 * @throws TsworkerError JOBS if the class is empty or `fn` is not a function; duplicates are reported by `work()`
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
 * @param decode gets the text of the payload and returns class and arguments, not as a promise; an error that it throws fails the job
 * @throws TsworkerError JOBS if `decode` is not a function; a second decoder is reported by `work()`
 */
export function registerDecoder(decode: Decoder): void {
  if (typeof decode !== 'function') throw new TsworkerError('JOBS', 'registerDecoder needs a function');
  ambient().program.push({ kind: 'decoder', decode });
}

/** The registrations of the program itself. */
export function programRegistrations(): readonly Registration[] {
  return ambient().program;
}

/**
 * Runs `load`, and takes the registrations that it added: they come from the file. Loads must not overlap. A file that was
 * loaded before has the same registrations as then.
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
