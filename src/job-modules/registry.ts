/**
 * The registered functions by Resque class, with their origins. A Map: in a plain object the class `constructor` of a
 * payload would exist.
 */
import { TsworkerError } from '../errors.js';
import type { Decoder, JobFunction } from '../job.js';
import type { Layer } from '../middleware.js';
import type { UniquePolicy } from '../resque/unique.js';
import type { ClassPolicies } from './class-policies.js';
import { compose } from './compose.js';
import { type RetryPolicy, retryOf } from './retry-policy.js';
import type { RubyLock } from './ruby-locks.js';
import { type DecodeArguments, decodeOf } from './wrapped.js';

/** The function of a class, and the default queue for its jobs. */
export interface JobDefinition {
  readonly class: string;
  readonly fn: JobFunction;
  readonly queue?: string | undefined;
  /** Of its module; it may have options of its own. */
  readonly retry?: RetryPolicy | undefined;
  readonly unique?: UniquePolicy | undefined;
  readonly releases?: readonly RubyLock[] | undefined;
}

export interface RegisteredFunction {
  /** Runs a job, with the hooks of its middleware around it. */
  readonly fn: JobFunction;
  /** The function as it was registered: the same one without such hooks. */
  readonly source: JobFunction;
  /** Its middleware, the outermost first. */
  readonly layers: readonly Layer[];
  /** The default queue, if it is a job() with a queue. */
  readonly queue?: string | undefined;
  /** Its own retry options, or those of its module, or of the configuration. */
  readonly retry?: RetryPolicy | undefined;
  /** Of a job() that says so. */
  readonly unique?: UniquePolicy | undefined;
  readonly releases?: readonly RubyLock[] | undefined;
  /** Of an activeJob(): how it decodes arguments. */
  readonly decode?: DecodeArguments | undefined;
  /** The file that registered it, or `this program`. */
  readonly origin: string;
}

export class FunctionRegistry {
  /** The middleware of the configuration, which is around every job. */
  readonly outermost: readonly Layer[];
  readonly #policies: ClassPolicies | undefined;
  readonly #functions = new Map<string, RegisteredFunction>();
  #decoder: { readonly decode: Decoder; readonly origin: string } | undefined;

  /** @param policies the options of classes in the configuration */
  constructor(outermost: readonly Layer[] = [], policies?: ClassPolicies) {
    this.outermost = outermost;
    this.#policies = policies;
  }

  /** The registered classes, sorted. */
  get classes(): string[] {
    return [...this.#functions.keys()].sort();
  }

  /** The function of each class. */
  get all(): JobFunction[] {
    return [...this.#functions.values()].map(({ fn }) => fn);
  }

  /** The decoder that replaces JSON, if one was registered. */
  get decoder(): Decoder | undefined {
    return this.#decoder?.decode;
  }

  get(className: string): RegisteredFunction | undefined {
    return this.#functions.get(className);
  }

  /**
   * Registers a function. The same function again changes nothing: a module may re-export another's.
   * @param layers its middleware, the outermost first, with that of the configuration
   * @throws TsworkerError JOBS if another function has the class; it names both origins
   */
  add(job: JobDefinition, origin: string, layers = this.outermost): void {
    const { class: className, fn, queue, retry, unique, releases } = job;
    const other = this.#functions.get(className);
    if (other !== undefined) {
      if (other.source === fn) return;
      throw twice(`the class ${className}`, other.origin, origin, 'Remove or rename one.');
    }
    const ownRetry = retryOf(fn) ?? retry ?? this.#policies?.retryOf(className);
    const options = { queue, retry: ownRetry, unique, releases, decode: decodeOf(fn) };
    this.#functions.set(className, { fn: compose(fn, layers), source: fn, layers, ...options, origin });
  }

  /**
   * Sets the decoder of all payloads.
   * @throws TsworkerError JOBS if there is another one; it names both origins
   */
  setDecoder(decode: Decoder, origin: string): void {
    const other = this.#decoder;
    if (other === undefined) this.#decoder = { decode, origin };
    else if (other.decode !== decode)
      throw twice('the decoder', other.origin, origin, 'One decoder reads all payloads.');
  }
}

function twice(what: string, first: string, second: string, hint: string): TsworkerError {
  const where = first === second ? `twice in ${first}` : `in ${first} and in ${second}`;
  return new TsworkerError('JOBS', `${what} is registered ${where}`, { hint });
}
