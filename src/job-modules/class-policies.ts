/** The key `classes` of the configuration: options by class, or by a pattern of classes. */
import { TsworkerError } from '../errors.js';
import { type Retry, type RetryPolicy, retryPolicy } from './retry-policy.js';

interface Entry {
  readonly name: string;
  readonly retry: RetryPolicy | undefined;
}

export class ClassPolicies {
  readonly #exact = new Map<string, Entry>();
  readonly #patterns: (Entry & { readonly pattern: RegExp })[] = [];

  /**
   * @param where begins the messages: `classes in tsworker.config.ts`
   * @throws TsworkerError JOBS if it is no object of options
   */
  constructor(classes: unknown = {}, where = 'classes') {
    if (!isObject(classes)) throw refused(`${where} must be an object`, EXAMPLE);
    for (const [name, options] of Object.entries(classes)) {
      const at = `${where}: ${JSON.stringify(name)}`;
      if (!isObject(options)) throw refused(`${at} must have options`, EXAMPLE);
      const unknown = Object.keys(options).find((key) => key !== 'retry');
      if (unknown !== undefined)
        throw refused(`${at} has the unknown option "${unknown}"`, 'did you mean retry? There is no other.');
      const entry = { name, retry: options.retry === undefined ? undefined : retryPolicy(options.retry as Retry, at) };
      if (name.includes('*')) this.#patterns.push({ ...entry, pattern: patternOf(name) });
      else this.#exact.set(name, entry);
    }
  }

  /** A name goes before patterns; of several patterns the first that matches counts. */
  retryOf(className: string): RetryPolicy | undefined {
    return (this.#exact.get(className) ?? this.#patterns.find(({ pattern }) => pattern.test(className)))?.retry;
  }

  /** Names and patterns that match none of these classes. */
  unmatched(classes: readonly string[]): readonly string[] {
    const names = [...this.#exact.keys()].filter((name) => !classes.includes(name));
    const patterns = this.#patterns.filter(({ pattern }) => !classes.some((one) => pattern.test(one)));
    return [...names, ...patterns.map(({ name }) => name)];
  }
}

const EXAMPLE = "For example classes: { 'Reports::*': { retry: 5 } }.";

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string, hint: string): TsworkerError {
  return new TsworkerError('JOBS', message, { hint });
}
