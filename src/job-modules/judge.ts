/** Decides the outcome of a failed job: it runs again, is discarded, or goes to `failed`. Does not know Redis. */
import type { Logger } from 'pino';
import type { Judge, Run } from '../engine/run.js';
import type { Outcome, PastFailure, RetryState } from '../job.js';
import type { CaughtError } from '../thrown.js';
import type { FunctionRegistry } from './registry.js';
import { isMatch, type RetryFailure, type RetryPolicy, waitMs } from './retry-policy.js';
import { verdictOf } from './verdicts.js';

export interface JudgeOptions {
  readonly functions: FunctionRegistry;
  /** For classes without retry options. */
  readonly retry: RetryPolicy;
  /** The Resque worker id of a slot. */
  readonly workerId: (slot: number) => string;
  readonly log: Logger;
}

const MOST_POSTPONED = 1000;
const MOST_ERRORS = 10;
const MOST_CHARACTERS = 1000;

export function createJudge({ functions, retry, workerId, log }: JudgeOptions): Judge {
  return (run, thrown, error) => {
    const verdict = verdictOf(thrown);
    if (verdict?.kind === 'discard') return { kind: 'discarded', error };
    if (verdict?.kind === 'postpone') return postponed(run, verdict.ms, error);
    // Without a class it could not be decoded.
    const registered = functions.get(run.class);
    const policy = registered === undefined ? undefined : (registered.retry ?? retry);
    if (verdict?.kind === 'cancel' || policy === undefined || !mayRetry(policy, thrown, error))
      return { kind: 'failed', error };
    return again(run, policy, { error, worker: workerId(run.claim.slot), log });
  };
}

function postponed({ claim }: Run, inMs: number, error: CaughtError): Outcome {
  const past = claim.retry ?? first(claim.token);
  if (past.postponed >= MOST_POSTPONED) return { kind: 'failed', error };
  return { kind: 'retry', error, inMs, counts: false, state: { ...past, postponed: past.postponed + 1 } };
}

function first(id: string): RetryState {
  return { id, attempt: 1, postponed: 0, firstFailedAt: undefined, errors: [] };
}

function mayRetry({ attempts, on, not }: RetryPolicy, thrown: unknown, error: CaughtError): boolean {
  if (attempts <= 1 || (not !== undefined && isMatch(not, thrown, error))) return false;
  // Wrong arguments and unreadable payloads will not be better the next time.
  return on === undefined ? (error as { code?: unknown }).code !== 'PAYLOAD' : isMatch(on, thrown, error);
}

interface Facts {
  readonly error: CaughtError;
  readonly worker: string;
  readonly log: Logger;
}

function again(run: Run, policy: RetryPolicy, { error, worker, log }: Facts): Outcome {
  const { claim } = run;
  const past = claim.retry ?? first(claim.token);
  if (past.attempt >= policy.attempts) return { kind: 'failed', error };
  const now = new Date();
  const firstFailedAt = past.firstFailedAt ?? now.toISOString();
  const inMs = wait(policy, { attempt: past.attempt, error, class: run.class, queue: claim.queue }, log);
  const late = now.getTime() + inMs - Date.parse(firstFailedAt);
  if (policy.within !== undefined && late > policy.within * 1000) return { kind: 'failed', error };
  const failure = { at: now.toISOString(), error: textOf(error), worker };
  const errors = [...past.errors, failure].slice(-MOST_ERRORS) satisfies PastFailure[];
  return {
    kind: 'retry',
    error,
    inMs,
    counts: true,
    state: { ...past, attempt: past.attempt + 1, firstFailedAt, errors },
  };
}

/** If a `delay` function throws, the default delay is used. */
function wait(policy: RetryPolicy, failure: RetryFailure, log: Logger): number {
  try {
    return waitMs(policy, failure, Math.random());
  } catch (err) {
    log.error({ err, class: failure.class }, 'the delay function of retry failed: waiting as by default');
    return waitMs({ ...policy, delay: 10 }, failure, Math.random());
  }
}

function textOf({ name, message }: CaughtError): string {
  const text = `${name}: ${message}`.replace(/\p{Surrogate}/gu, '\ufffd');
  return text.length > MOST_CHARACTERS
    ? `${text.slice(0, MOST_CHARACTERS)}… (cut)`.replace(/\p{Surrogate}/gu, '\ufffd')
    : text;
}
