/**
 * What a job throws to say what is to become of it, whatever its retry options are. Known by a mark and not by their class:
 * a job module may import another copy of the package than the one that runs it.
 */
import { TsworkerError } from '../errors.js';

const MARK = Symbol.for('tsworker.verdict');

export type Verdict =
  /** Run again in so many milliseconds. */
  | { readonly kind: 'postpone'; readonly ms: number }
  /** Ends well. */
  | { readonly kind: 'discard' }
  /** Fails now. */
  | { readonly kind: 'cancel' };

/** Ten years: more is a mistake in the unit. */
const LONGEST_SECONDS = 315_360_000;

/** Throw it to have the job run again in so many seconds, without this run counting as an attempt. At most 1,000 times. */
export class RetryIn extends Error {
  override readonly name: string = 'RetryIn';
  readonly [MARK]: Verdict;

  /** @throws TsworkerError USAGE where it is no number of seconds, 0 to ten years */
  constructor(seconds: number, message = `to run again in ${seconds} s`) {
    super(message);
    if (!(typeof seconds === 'number' && seconds >= 0 && seconds <= LONGEST_SECONDS))
      throw new TsworkerError('USAGE', `RetryIn takes seconds, 0 to ten years, not ${String(seconds)}`);
    this[MARK] = { kind: 'postpone', ms: seconds * 1000 };
  }
}

/** Throw it to end the job well: it counts as processed. */
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

/** What was thrown may be anything: one that cannot be read says nothing. */
export function verdictOf(thrown: unknown): Verdict | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  try {
    return (thrown as { [MARK]?: Verdict })[MARK];
  } catch {
    return undefined;
  }
}
