/** Unique jobs as a program declares them: which jobs count as the same, and for how long. Pure. */
import { createHash, randomBytes } from 'node:crypto';
import { TsworkerError } from '../errors.js';
import type { JobLock } from '../job.js';
import { decodePayload, encodePayload } from './codec.js';
import { comparable } from './comparable.js';
import { LONGEST_TTL } from './lock.js';

/** Options of unique jobs; `true` takes all defaults. */
export type Unique<Args extends readonly unknown[] = readonly never[]> =
  | boolean
  | {
      /** What makes two jobs of the class the same; any JSON value. Default: all arguments. */
      by?(...args: Args): unknown;
      /**
       * How long a job keeps others out: until it has ended, in whatever way (`done`, the default); until it starts
       * (`started`); or for `ttl` seconds after it is due, whatever happens to it (`time`).
       */
      readonly until?: 'done' | 'started' | 'time';
      /**
       * Seconds after which others get in even so, if this job was lost or takes too long. Counted from when the job is due, and
       * again from when it starts, or has to wait again. Default 3600.
       */
      readonly ttl?: number;
      /**
       * What happens to a job that is kept out: nothing, it is not enqueued (`keep`, the default); it replaces the other one,
       * if that has not started (`replace`); or `enqueue` rejects (`error`).
       */
      readonly onConflict?: 'keep' | 'replace' | 'error';
    };

/** The same, checked and complete. */
export interface UniquePolicy {
  readonly by: ((...args: never[]) => unknown) | undefined;
  readonly until: 'done' | 'started' | 'time';
  readonly ttl: number;
  readonly onConflict: 'keep' | 'replace' | 'error';
}

const DEFAULT_TTL = 3600;
const UNTIL = ['done', 'started', 'time'] as const;
const ON_CONFLICT = ['keep', 'replace', 'error'] as const;
const OPTIONS = ['by', 'until', 'ttl', 'onConflict'];

/**
 * @param where begins the message
 * @returns undefined for `false`
 * @throws TsworkerError USAGE for wrong options
 */
export function uniquePolicy(unique: unknown, where: string): UniquePolicy | undefined {
  if (unique === undefined || unique === false) return undefined;
  if (unique !== true && (typeof unique !== 'object' || unique === null || Array.isArray(unique)))
    throw wrong(where, 'unique must be true, false, or { by, until, ttl, onConflict }');
  const given = (unique === true ? {} : unique) as Readonly<Record<string, unknown>>;
  const { by, until = 'done', ttl = DEFAULT_TTL, onConflict = 'keep' } = given;
  const unknown = Object.keys(given).filter((key) => !OPTIONS.includes(key));
  if (unknown.length > 0) throw wrong(where, `unique has no option "${unknown[0]}": it has ${OPTIONS.join(', ')}`);
  if (by !== undefined && typeof by !== 'function')
    throw wrong(where, 'by of unique must be a function of the arguments: by: (id) => id');
  if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= LONGEST_TTL))
    throw wrong(where, `ttl of unique must be seconds, more than 0 and at most ten years, not ${String(ttl)}`);
  return {
    by: by as UniquePolicy['by'],
    until: oneOf(UNTIL, until, `${where}: until`),
    ttl,
    onConflict: oneOf(ON_CONFLICT, onConflict, `${where}: onConflict`),
  };
}

/** By class and arguments, for at most this many seconds. */
export function uniqueFor(ttl: number): UniquePolicy {
  return { by: undefined, until: 'done', ttl, onConflict: 'keep' };
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, what: string): T {
  if (allowed.includes(value as T)) return value as T;
  throw new TsworkerError('USAGE', `${what} of unique must be ${listed(allowed)}, not ${String(value)}`);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
}

function wrong(where: string, what: string): TsworkerError {
  return new TsworkerError('USAGE', `${where}: ${what}`);
}

/** A lock to take together with the push of its job. */
export interface NewLock extends JobLock {
  readonly onConflict: UniquePolicy['onConflict'];
  /** The payload contains it, so it is released before its TTL. */
  readonly borne: boolean;
}

/**
 * A lock for a new job.
 * @throws TsworkerError PAYLOAD if what `by` returns cannot be written as JSON; what `by` throws
 */
export function newLock({ by, until, ttl, onConflict }: UniquePolicy, name: string, args: readonly unknown[]): NewLock {
  const same = by === undefined ? args : [by(...(args as never[]))];
  // As a worker gets them: after JSON.
  const seen = decodePayload(Buffer.from(encodePayload(name, same)), true).args;
  return {
    key: `${name}:${sha1(comparable(seen) ?? '')}`,
    token: randomBytes(12).toString('base64url'),
    ttl,
    untilStarted: until === 'started',
    onConflict,
    borne: until !== 'time',
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
