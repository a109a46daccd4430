/**
 * Which function runs which Resque class, and who said so. Knows nothing of files or modules beyond their names. A Map
 * and nothing else: with a plain object the class `constructor` in a payload would find one.
 */
import { TsworkerError } from '../errors.js';
import type { Decoder, JobFunction } from '../job.js';
import type { JobDefinition } from './job.js';
import { type RetryPolicy, retryOf } from './retry-policy.js';
import { type DecodeArguments, decodeOf } from './wrapped.js';

export interface RegisteredFunction {
  readonly fn: JobFunction;
  /** Where a producer pushes its jobs to, where it is a job() that says so. */
  readonly queue?: string | undefined;
  /** Its own retry options, or those of its module. */
  readonly retry?: RetryPolicy | undefined;
  /** Of an activeJob(): how it decodes arguments. */
  readonly decode?: DecodeArguments | undefined;
  /** The file that registered it, or `this program`. */
  readonly origin: string;
}

export class FunctionRegistry {
  readonly #functions = new Map<string, RegisteredFunction>();
  #decoder: { readonly decode: Decoder; readonly origin: string } | undefined;

  /** The registered classes, sorted. */
  get classes(): string[] {
    return [...this.#functions.keys()].sort();
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
   * @throws TsworkerError JOBS where another function has the class; it names both origins
   */
  add({ class: className, fn, queue, retry }: JobDefinition, origin: string): void {
    const other = this.#functions.get(className);
    if (other === undefined) {
      const own = { retry: retryOf(fn) ?? retry, decode: decodeOf(fn) };
      this.#functions.set(className, { fn, queue, ...own, origin });
    } else if (other.fn !== fn) throw twice(`the class ${className}`, other.origin, origin, 'Remove or rename one.');
  }

  /**
   * Sets the decoder of all payloads.
   * @throws TsworkerError JOBS where there is another already; it names both origins
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
