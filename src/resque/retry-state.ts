/**
 * The state of a job that is to run again, as JSON in its envelope and in the record of its worker; and the envelope:
 * `{"queue":"…","retry":{…},"payload":…}`, whose end is the same as a record's. Pure.
 */
import type { PastFailure, RetryState } from '../job.js';

/** The envelope up to its payload. */
export function envelopeHead(queue: string, state: RetryState): string {
  return `{"queue":${JSON.stringify(queue)},"retry":${JSON.stringify(stateFields(state))},`;
}

function stateFields({ id, attempt, postponed, firstFailedAt, errors }: RetryState) {
  return { id, attempt, postponed, first_failed_at: firstFailedAt, errors };
}

/** @returns undefined if it is invalid */
export function parseRetryState(value: unknown): RetryState | undefined {
  if (!isObject(value)) return undefined;
  const { id, attempt, postponed, first_failed_at: firstFailedAt, errors } = value;
  if (typeof id !== 'string' || !isCount(attempt) || attempt < 1) return undefined;
  return {
    id,
    attempt,
    postponed: isCount(postponed) ? postponed : 0,
    firstFailedAt: typeof firstFailedAt === 'string' ? firstFailedAt : undefined,
    errors: Array.isArray(errors) ? errors.filter(isPastFailure) : [],
  };
}

function isPastFailure(value: unknown): value is PastFailure {
  return isObject(value) && [value.at, value.error, value.worker].every((part) => typeof part === 'string');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
