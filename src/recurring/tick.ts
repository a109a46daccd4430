/** The value of an entry in `tsworker:ticks`: `<fingerprint>,<last>,<next>,<by>`. Pure. */

import { createHash, randomBytes } from 'node:crypto';
import type { JobLock } from '../job.js';
import { ownText } from '../resque/codec.js';
import { dueTicks } from './due.js';
import type { Entry } from './entry.js';
import { fingerprint, nextTick, type Timing } from './timing.js';

export interface TickState {
  /** The tick that was enqueued last. Milliseconds since the epoch; undefined: none yet. */
  readonly last: number | undefined;
  /** The first tick that was not enqueued; undefined: none ever comes. */
  readonly next: number | undefined;
  /** The scheduler that enqueued the last one. */
  readonly by: string;
}

const NEVER = 'never';

export function tickText(timing: Timing, { last, next, by }: TickState): string {
  return [fingerprint(timing), last ?? '', next ?? NEVER, by].join(',');
}

/** @returns undefined for an invalid value; for another timing only `last` and `by` are set */
export function readTick(timing: Timing, text: string): { readonly state: TickState; readonly current: boolean } {
  const [print, last, next, ...by] = text.split(',');
  const state = { last: milliseconds(last), next: milliseconds(next), by: by.join(',') };
  const current = print === fingerprint(timing) && (next === NEVER || state.next !== undefined);
  return { state, current };
}

function milliseconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/**
 * The state of an entry when a scheduler begins with it: the value in Redis, else its first tick from now on.
 * @param rubyLast when a Ruby scheduler enqueued it last
 */
export function firstState(entry: Entry, text: string, nowMs: number, rubyLast: number | undefined): TickState {
  const { state, current } = readTick(entry.timing, text);
  if (!current) return { ...state, next: nextTick(entry.timing, nowMs) };
  if (!entry.ruby || rubyLast === undefined || state.next === undefined || rubyLast < state.next) return state;
  return { ...state, next: nextTick(entry.timing, Math.min(rubyLast, nowMs)) };
}

export interface Firing {
  /** The lock of an entry whose jobs must not overlap: it is in the payload, and released when the job ends. */
  readonly lock: JobLock | undefined;
  /** The payloads, in order; none if all ticks were missed and are not made up for. */
  readonly payloads: readonly string[];
  readonly state: TickState;
  /** Ticks for which nothing is enqueued. */
  readonly skipped: boolean;
}

/** @param mostPayloads how many fit into the call; at least one is made if a tick is due */
export function fire(entry: Entry, state: TickState, nowMs: number, by: string, mostPayloads: number): Firing {
  if (state.next === undefined) return { payloads: [], lock: undefined, state, skipped: false };
  const { ticks: due, next } = dueTicks(entry, state.next, nowMs);
  const lock = lockOf(entry);
  const ticks = lock === undefined ? due : due.slice(-1);
  const now = ticks.slice(0, Math.max(1, mostPayloads));
  const last = now.at(-1);
  return {
    payloads: now.map((tick) => payloadAt(entry, tick, lock)),
    lock,
    state: { last: last ?? state.last, next: ticks[now.length] ?? next, by: last === undefined ? state.by : by },
    skipped: due[0] !== state.next,
  };
}

/** The payload of one tick. */
export function payloadAt(
  { payload, expiresInMs }: Pick<Entry, 'payload' | 'expiresInMs'>,
  tick: number,
  lock?: JobLock,
): string {
  const own = ownText({ expiresAt: expiresInMs === undefined ? undefined : tick + expiresInMs, lock });
  return `${payload.slice(0, -1)}${own}}`;
}

/** How long a lost job keeps the next ones out, from when it was enqueued, and again from when it started. */
const OVERLAP_TTL_S = 86_400;

function lockOf({ name, class: className, overlap }: Entry): JobLock | undefined {
  if (overlap === 'allow') return undefined;
  const key = `${className}:${createHash('sha1').update(`schedule ${name}`).digest('hex')}`;
  return { key, token: randomBytes(12).toString('base64url'), ttl: OVERLAP_TTL_S, untilStarted: false };
}
