/**
 * The lock of a unique job. The payload contains its key and token in the member `"tsworker":{"unique":{…}}`, so
 * whatever moves or ends the job can release or renew it, in the same script, and only if it still holds the token.
 * Pure.
 */
import * as globals from '../globals.js';
import type { JobLock } from '../job.js';
import type { Keys } from './keys.js';

/** Ten years: more is a mistake in the unit. */
export const LONGEST_TTL = 315_360_000;
const LONGEST_KEY = 2000;
const TOKEN = /^[\w-]{1,100}$/;

export function lockText({ key, token, ttl, untilStarted }: JobLock): string {
  return globals.JSON.stringify({ key, token, ttl, ...(untilStarted ? { until: 'started' } : {}) });
}

const MEMBER = Buffer.from('"tsworker":');
const [CLOSE_BRACE, CLOSE_BRACKET] = Buffer.from('}]');

/**
 * The lock in a payload or a delayed item. Read for each claim, so a payload of another program, which ends with its
 * arguments, costs next to nothing.
 */
export function readLock(payload: Buffer): JobLock | undefined {
  const last = payload.length - 1;
  if (payload[last] !== CLOSE_BRACE || payload[last - 1] === CLOSE_BRACKET) return undefined;
  const at = payload.lastIndexOf(MEMBER);
  if (at < 0) return undefined;
  // It is the last member in most cases. If not, this is not valid JSON.
  return lockIn(parse(payload.subarray(at + MEMBER.length, last)) ?? memberOf(parse(payload)));
}

function parse(bytes: Buffer): unknown {
  try {
    return globals.JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function memberOf(job: unknown): unknown {
  return isObject(job) && Object.hasOwn(job, 'tsworker') ? job.tsworker : undefined;
}

function lockIn(own: unknown): JobLock | undefined {
  if (!isObject(own) || !isObject(own.unique)) return undefined;
  const { key, token, ttl, until } = own.unique;
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY) return undefined;
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined;
  if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= LONGEST_TTL)) return undefined;
  return { key, token, ttl, untilStarted: until === 'started' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** release: the job has ended. renew: it waits again, for at least this many milliseconds. */
export type LockChange = 'release' | { readonly renewMs: number };

/** The key, the token, and the TTL for a script. */
export function lockArgs(keys: Keys, lock: JobLock, change: LockChange): [string, string, string] {
  const ttl = change === 'release' ? '0' : String(Math.ceil(change.renewMs + lock.ttl * 1000));
  return [keys.unique(lock.key), lock.token, ttl];
}

const NO_LOCK: [string, string, string] = ['', '', ''];

/** The same for a job that may have no lock. */
export function lockArgsOf(keys: Keys, payload: Buffer, ended: boolean): [string, string, string] {
  const lock = readLock(payload);
  return lock === undefined ? NO_LOCK : lockArgs(keys, lock, ended ? 'release' : { renewMs: 0 });
}
