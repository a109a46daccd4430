/**
 * Errors with which a job decides its outcome, whatever its retry options are. Identified by a symbol and not by class: a
 * job module may import another copy of the package than the one that runs it.
 */
import { TsworkerError } from '../errors.js';

const MARK = Symbol.for('tsworker.verdict');

export type Verdict =
  /** Run again after these milliseconds. */
  | { readonly kind: 'postpone'; readonly ms: number }
  /** Ends well. */
  | { readonly kind: 'discard' }
  /** Fails now. */
  | { readonly kind: 'cancel' };

/** Ten years: a longer time is a mistake in the unit. */
const LONGEST_SECONDS = 315_360_000;

/** Throw it to run the job again after these seconds; this run does not count as an attempt. At most 1,000 times. */
export class RetryIn extends Error {
  override readonly name: string = 'RetryIn';
  readonly [MARK]: Verdict;

  /** @throws TsworkerError USAGE if it is not a number of seconds from 0 to ten years */
  constructor(seconds: number, message = `to run again in ${seconds} s`) {
    super(message);
    if (!(typeof seconds === 'number' && seconds >= 0 && seconds <= LONGEST_SECONDS))
      throw new TsworkerError('USAGE', `RetryIn takes seconds, 0 to ten years, not ${String(seconds)}`);
    this[MARK] = { kind: 'postpone', ms: seconds * 1000 };
  }
}

/** Throw it to discard the job: it counts as processed. */
export class Discard extends Error {
  override readonly name: string = 'Discard';
  readonly [MARK]: Verdict = { kind: 'discard' };
}

/** A job that had expired before it began. */
export class Expired extends Discard {
  override readonly name: string = 'Expired';

  constructor(lateMs: number) {
    super(`it expired ${Math.ceil(lateMs / 1000)} s before it could run`);
  }
}

/** Throw it to fail the job at once, whatever its retry options are. */
export class Cancel extends Error {
  override readonly name: string = 'Cancel';
  readonly [MARK]: Verdict = { kind: 'cancel' };
}

/** A thrown value may be anything: one that cannot be read is not a verdict. */
export function verdictOf(thrown: unknown): Verdict | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  try {
    return (thrown as { [MARK]?: Verdict })[MARK];
  } catch {
    return undefined;
  }
}
