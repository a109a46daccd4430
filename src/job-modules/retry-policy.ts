/** The retry options: their check, and the delays that they define. */
import { TsworkerError } from '../errors.js';
import type { CaughtError } from '../thrown.js';

/** The argument of a `delay` function. */
export interface RetryFailure {
  /** The number of failed runs, from 1. */
  readonly attempt: number;
  /** A copy of the error: name, message, stack, and fields such as `status`. */
  readonly error: CaughtError;
  readonly class: string;
  readonly queue: string;
}

/** The class of an error, its name, a pattern for `name: message`, a predicate, or several of these. */
export type RetryMatch =
  | string
  | RegExp
  | (abstract new (
      ...args: never[]
    ) => Error)
  | ((thrown: unknown) => boolean)
  | readonly RetryMatch[];

/** `true`: the defaults. A number: the maximum number of runs. `false`, 0 and 1: no retry. */
export type Retry =
  | boolean
  | number
  | {
      /** The maximum number of runs. Default 10; with a list of delays, one more than the list has. */
      readonly attempts?: number;
      /** Seconds before the second run (default 10), a list for each further run, or a function that returns them. */
      readonly delay?: number | readonly number[] | ((failure: RetryFailure) => number);
      /** The factor between two delays. Default 3; not for a list or a function. */
      readonly factor?: number;
      /** The longest delay in seconds. Default 43,200 (12 hours). */
      readonly max?: number;
      /** From 0 to 1: the random part of a delay. Default 0.5. */
      readonly jitter?: number;
      /** Seconds after the first failure, after which a job does not run again. Default: no limit. */
      readonly within?: number;
      /** Only these errors. Default: all but wrong arguments. */
      readonly on?: RetryMatch;
      /** Not these errors. */
      readonly not?: RetryMatch;
    };

export interface RetryPolicy {
  readonly attempts: number;
  readonly delay: number | readonly number[] | ((failure: RetryFailure) => number);
  readonly factor: number;
  readonly max: number;
  readonly jitter: number;
  readonly within: number | undefined;
  readonly on: RetryMatch | undefined;
  readonly not: RetryMatch | undefined;
}

export const NO_RETRY: RetryPolicy = {
  ...{ attempts: 1, delay: 10, factor: 3, max: 43_200, jitter: 0.5 },
  ...{ within: undefined, on: undefined, not: undefined },
};
const DEFAULT: RetryPolicy = { ...NO_RETRY, attempts: 10 };
export const MOST_ATTEMPTS = 1000;
/** Ten years, in seconds. */
const LONGEST = 315_360_000;

/**
 * @param where names the option in errors: `job() of Charge`
 * @throws TsworkerError JOBS if it is not a valid {@link Retry}
 */
export function retryPolicy(retry: Retry, where: string): RetryPolicy {
  const given: unknown = retry;
  if (given === false) return NO_RETRY;
  if (given === true) return DEFAULT;
  if (typeof given === 'number')
    return { ...DEFAULT, attempts: Math.max(1, whole(given, 0, `${where}: retry`, EXAMPLE)) };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refused(`${where}: retry must be true, a number of runs, or options, not ${shown(given)}`, EXAMPLE);
  return fromOptions(given as Readonly<Record<string, unknown>>, where);
}

const EXAMPLE = 'For example retry: 5, or retry: { attempts: 8, delay: 10, factor: 3 }.';
const OPTIONS = ['attempts', 'delay', 'factor', 'max', 'jitter', 'within', 'on', 'not'];

function fromOptions(given: Readonly<Record<string, unknown>>, where: string): RetryPolicy {
  for (const key of Object.keys(given))
    if (!OPTIONS.includes(key)) throw refused(`${where}: retry has no option ${key}`, `It has ${OPTIONS.join(', ')}.`);
  const at = (name: string) => `${where}: retry.${name}`;
  const delay = given.delay === undefined ? DEFAULT.delay : checkedDelay(given.delay, at('delay'));
  const attempts = Array.isArray(delay) ? delay.length + 1 : DEFAULT.attempts;
  const number = (name: 'factor' | 'max' | 'jitter' | 'within', least: number, most: number) =>
    given[name] === undefined ? DEFAULT[name] : between(given[name], least, most, at(name));
  return {
    attempts: given.attempts === undefined ? attempts : whole(given.attempts, 1, at('attempts'), EXAMPLE),
    delay,
    factor: number('factor', 1, 1000) as number,
    max: number('max', 0, LONGEST) as number,
    jitter: number('jitter', 0, 1) as number,
    within: number('within', 0, LONGEST),
    on: checkedMatch(given.on, at('on')),
    not: checkedMatch(given.not, at('not')),
  };
}

function checkedDelay(delay: unknown, where: string): RetryPolicy['delay'] {
  if (typeof delay === 'function') return delay as (failure: RetryFailure) => number;
  if (!Array.isArray(delay)) return between(delay, 0, LONGEST, where);
  if (delay.length === 0 || delay.length >= MOST_ATTEMPTS)
    throw refused(
      `${where} must list 1 to ${MOST_ATTEMPTS - 1} waits, not ${delay.length}`,
      'For example [10, 60, 600].',
    );
  return delay.map((one, i) => between(one, 0, LONGEST, `${where}[${i}]`));
}

function checkedMatch(match: unknown, where: string): RetryMatch | undefined {
  if (match === undefined) return undefined;
  const one = (part: unknown) => typeof part === 'function' || typeof part === 'string' || part instanceof RegExp;
  if (one(match) || (Array.isArray(match) && match.every(one))) return match as RetryMatch;
  const hint = "For example [Declined, 'TimeoutError', /ECONNRESET/, (error) => error.status === 503].";
  throw refused(`${where} must be error classes, names, patterns or functions, not ${shown(match)}`, hint);
}

function whole(value: unknown, least: number, where: string, hint: string): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST_ATTEMPTS)
    return value as number;
  throw refused(`${where} must be a whole number of runs, ${least} to ${MOST_ATTEMPTS}, not ${shown(value)}`, hint);
}

function between(value: unknown, least: number, most: number, where: string): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw refused(`${where} must be a number from ${least} to ${most}, not ${shown(value)}`, EXAMPLE);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function refused(message: string, hint: string): TsworkerError {
  return new TsworkerError('JOBS', message, { hint });
}

/**
 * The delay before the next run.
 * @param random in [0, 1)
 * @returns milliseconds
 * @throws the error of a `delay` function
 */
export function waitMs(policy: RetryPolicy, failure: RetryFailure, random: number): number {
  const { delay, factor, max, jitter } = policy;
  const n = failure.attempt;
  const seconds =
    typeof delay === 'number'
      ? delay * factor ** (n - 1)
      : typeof delay === 'function'
        ? between(delay(failure), 0, LONGEST, 'what the delay function returned')
        : delay[Math.min(n, delay.length) - 1];
  return Math.round(Math.min(max, seconds) * (1 - jitter / 2 + jitter * random) * 1000);
}

/** Whether an error matches. A thrown value may be anything: one that cannot be read matches nothing. */
export function isMatch(match: RetryMatch, thrown: unknown, error: CaughtError): boolean {
  if (typeof match === 'string') return error.name === match;
  // Not test(): a pattern with the flag g would continue after its last match.
  if (match instanceof RegExp) return `${error.name}: ${error.message}`.search(match) !== -1;
  if (typeof match !== 'function') return match.some((one) => isMatch(one, thrown, error));
  try {
    return isErrorClass(match) ? thrown instanceof match : (match as (thrown: unknown) => boolean)(thrown) === true;
  } catch {
    return false;
  }
}

function isErrorClass(match: (abstract new (...args: never[]) => Error) | ((thrown: unknown) => boolean)): boolean {
  return (match as unknown) === Error || match.prototype instanceof Error;
}

const POLICY = Symbol.for('tsworker.retry');

/** Sets the retry options of a function; undefined: none. */
export function withRetry<F extends object>(fn: F, policy: RetryPolicy | undefined): F {
  return policy === undefined ? fn : Object.assign(fn, { [POLICY]: policy });
}

/** The retry options of a function; undefined: none. */
export function retryOf(fn: object): RetryPolicy | undefined {
  return (fn as { [POLICY]?: RetryPolicy })[POLICY];
}
