/** Retry options: what is rejected and how, how long a job waits, and where a failed job goes. */
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/engine/run.js';
import type { Claim, Outcome } from '../../../src/job.js';
import { readExports } from '../../../src/job-modules/exports.js';
import { job } from '../../../src/job-modules/job.js';
import { createJudge } from '../../../src/job-modules/judge.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { NO_RETRY, type Retry, retryPolicy, waitMs } from '../../../src/job-modules/retry-policy.js';
import { ArgumentsError } from '../../../src/job-modules/schema.js';
import { Cancel, Discard, RetryIn } from '../../../src/job-modules/verdicts.js';
import { asError } from '../../../src/thrown.js';
import { unreadable } from '../../support/unreadable.js';

const failure = (attempt: number) => ({ attempt, error: asError(new Error('boom')), class: 'J', queue: 'q' });
const waits = (retry: Retry, random = 0.5) => {
  const policy = retryPolicy(retry, 'test');
  return Array.from({ length: policy.attempts - 1 }, (_, i) => waitMs(policy, failure(i + 1), random) / 1000);
};

describe('waits', () => {
  test('by default: nine, each three times the last, at most 12 hours, 21 hours in all', () => {
    expect(waits(true)).toEqual([10, 30, 90, 270, 810, 2430, 7290, 21_870, 43_200]);
  });

  test('as they are told: a list is taken as it is, a function is asked', () => {
    expect(waits({ delay: [1, 2, 5] })).toEqual([1, 2, 5]);
    expect(waits({ delay: [1, 2], attempts: 5 })).toEqual([1, 2, 2, 2]);
    expect(waits({ delay: ({ attempt }) => attempt * 7, attempts: 3 })).toEqual([7, 14]);
  });

  test('property: within the jitter, never beyond the longest', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(unit, unit, fc.integer({ min: 1, max: 50 }), (jitter, random, attempt) => {
        const policy = retryPolicy({ jitter, attempts: 100, max: 500 }, 'test');
        const ms = waitMs(policy, failure(attempt), random);
        const middle = Math.min(500, 10 * 3 ** (attempt - 1)) * 1000;
        expect(Math.abs(ms - middle)).toBeLessThanOrEqual((middle * jitter) / 2 + 1);
      }),
    );
  });
});

describe('options that are refused', () => {
  test.each<[unknown, RegExp]>([
    [-1, /job\(\) of J: retry must be a whole number of runs, 0 to 1000, not -1/],
    [1.5, /whole number of runs/],
    ['5', /retry must be true, a number of runs, or options, not "5"/],
    [{ attempt: 5 }, /retry has no option attempt/],
    [{ attempts: 0 }, /retry\.attempts must be a whole number of runs, 1 to 1000, not 0/],
    [{ delay: -1 }, /retry\.delay must be a number from 0/],
    [{ delay: [] }, /retry\.delay must list 1 to 999 waits, not 0/],
    [{ delay: [1, 'x'] }, /retry\.delay\[1\] must be a number from 0 to \d+, not "x"/],
    [{ jitter: 2 }, /retry\.jitter must be a number from 0 to 1, not 2/],
    [{ factor: 0.5 }, /retry\.factor must be a number from 1/],
    [{ max: Number.NaN }, /retry\.max must be a number/],
    [{ within: '1h' }, /retry\.within must be a number from 0 to \d+, not "1h"/],
    [{ on: 5 }, /retry\.on must be error classes, names, patterns or functions, not 5/],
    [{ not: [{}] }, /retry\.not must be/],
  ])('%j', (retry, message) => {
    const define = () => job({ class: 'J', retry: retry as Retry, perform: () => {} });
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ code: 'JOBS', hint: expect.any(String) }));
    expect(() => readExports({ retry, J: () => {} }, 'jobs/a.ts')).toThrow(/jobs\/a\.ts/);
  });

  test('seconds of RetryIn', () => {
    expect(() => new RetryIn(-1)).toThrow(/RetryIn takes seconds/);
    expect(() => new RetryIn('5' as never)).toThrow(/RetryIn takes seconds/);
  });
});

test("a job's own options come before its module's", () => {
  const own = job({ class: 'Own', retry: 2, perform: () => {} });
  const functions = new FunctionRegistry();
  for (const one of readExports({ retry: 7, own, Plain: () => {} }, 'a.ts').functions) functions.add(one, 'a.ts');
  expect(functions.get('Own')?.retry?.attempts).toBe(2);
  expect(functions.get('Plain')?.retry?.attempts).toBe(7);
});

class Declined extends Error {}

describe('what becomes of a job that failed', () => {
  const claim: Claim = { slot: 1, token: 'tok', queue: 'q', payload: Buffer.from('{}'), strict: true };

  /** The outcome of a run, after others as `past` has it. */
  function outcomeOf(thrown: unknown, retry: Retry | undefined, past: Partial<Claim> = {}): Outcome {
    const functions = new FunctionRegistry();
    functions.add(
      { class: 'J', fn: () => {}, retry: retry === undefined ? undefined : retryPolicy(retry, 'test') },
      'a.ts',
    );
    const log = pino({ enabled: false });
    const judge = createJudge({ functions, retry: NO_RETRY, workerId: (slot) => `w-${slot}`, log });
    const outcomes: Outcome[] = [];
    const run = new Run({ ...claim, ...past }, 0, (_run, outcome) => outcomes.push(outcome), judge);
    run.class = 'J';
    run.fail(thrown);
    return outcomes[0];
  }
  const kindOf = (thrown: unknown, retry: Retry | undefined, past?: Partial<Claim>) =>
    outcomeOf(thrown, retry, past).kind;
  const ranBefore = (attempt: number, more: object = {}) => ({
    retry: { id: 'a', attempt, postponed: 0, firstFailedAt: new Date().toISOString(), errors: [], ...more },
  });

  test('without options it fails', () => {
    expect(kindOf(new Error('boom'), undefined)).toBe('failed');
    expect(kindOf(new Error('boom'), false)).toBe('failed');
    expect(kindOf(new Error('boom'), 1)).toBe('failed');
  });

  test('it runs again, with what is known of the run that failed, until there were enough', () => {
    const outcome = outcomeOf(new Declined('no'), 3);
    expect(outcome).toMatchObject({
      kind: 'retry',
      counts: true,
      state: {
        id: 'tok',
        attempt: 2,
        errors: [{ error: 'Declined: no', worker: 'w-1' }],
      },
    });
    expect(kindOf(new Error('boom'), 3, ranBefore(2))).toBe('retry');
    expect(kindOf(new Error('boom'), 3, ranBefore(3))).toBe('failed');
  });

  test('it keeps the last ten failures, each bounded', () => {
    const errors = Array.from({ length: 10 }, (_, i) => ({ at: '', error: String(i), worker: '' }));
    const outcome = outcomeOf(new Error('x'.repeat(50_000)), 100, ranBefore(50, { errors }));
    const kept = outcome.kind === 'retry' ? outcome.state.errors : [];
    expect(kept.map(({ error }) => error.slice(0, 3)).join()).toBe('1,2,3,4,5,6,7,8,9,Err');
    expect(kept[9].error.length).toBeLessThan(1100);
  });

  test('on and not: by class, name, pattern or function, and never by an error that cannot be looked at', () => {
    const matches = [
      Declined,
      'Declined',
      /^Declined: n/,
      (error: unknown) => error instanceof Declined,
      [/x/g, Declined],
    ];
    for (const match of matches) {
      expect(kindOf(new Declined('no'), { on: match })).toBe('retry');
      expect(kindOf(new TypeError('no'), { on: match })).toBe('failed');
      expect(kindOf(new Declined('no'), { not: match })).toBe('failed');
      expect(kindOf(new TypeError('no'), { not: match })).toBe('retry');
    }
    const throwing = () => {
      throw new Error('in the match');
    };
    expect(kindOf(new Error('boom'), { on: throwing })).toBe('failed');
    for (const make of Object.values(unreadable)) expect(kindOf(make(), { not: Declined })).toBe('retry');
  });

  test('wrong arguments are not tried again, unless they are asked for', () => {
    expect(kindOf(new ArgumentsError('J', ['args[0]: no']), true)).toBe('failed');
    expect(kindOf(new ArgumentsError('J', ['args[0]: no']), { on: 'ArgumentsError' })).toBe('retry');
  });

  test('not beyond the time that it has', () => {
    const long = { firstFailedAt: new Date(Date.now() - 3_600_000).toISOString() };
    expect(kindOf(new Error('boom'), { within: 7200 }, ranBefore(2, long))).toBe('retry');
    expect(kindOf(new Error('boom'), { within: 3000 }, ranBefore(2, long))).toBe('failed');
    expect(kindOf(new Error('boom'), { within: 5, delay: 10 })).toBe('failed');
  });

  test('a delay function that throws, or says what is no time, replaces nothing', () => {
    const throwing = () => {
      throw new Error('in the delay');
    };
    expect(outcomeOf(new Error('boom'), { delay: throwing, jitter: 0 })).toMatchObject({ kind: 'retry', inMs: 10_000 });
    expect(outcomeOf(new Error('boom'), { delay: () => -1, jitter: 0 })).toMatchObject({ inMs: 10_000 });
  });

  test('what it throws to say so comes before its options', () => {
    expect(outcomeOf(new RetryIn(30), undefined)).toMatchObject({ kind: 'retry', inMs: 30_000, counts: false });
    expect(outcomeOf(new RetryIn(30), undefined, ranBefore(2))).toMatchObject({ state: { attempt: 2, postponed: 1 } });
    expect(kindOf(new RetryIn(30), true, ranBefore(2, { postponed: 1000 }))).toBe('failed');
    expect(kindOf(new Discard('stale'), true)).toBe('discarded');
    expect(kindOf(new Cancel('never'), true)).toBe('failed');
  });
});
