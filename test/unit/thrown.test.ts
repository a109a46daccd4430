/** Any thrown value is read once, guarded and bounded, into an Error of our own. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { failureParts } from '../../src/resque/failure.js';
import { asError, type CaughtError } from '../../src/thrown.js';
import { unreadable } from '../support/unreadable.js';

/** As the log and the failed entry show it. */
function written(error: CaughtError): string {
  const lines: string[] = [];
  pino({}, { write: (line) => void lines.push(line) }).error({ err: error }, 'job failed');
  const { head, tail } = failureParts(error, { workerId: 'w', queue: 'q', failedAt: new Date() });
  return lines.join('') + JSON.stringify(JSON.parse(`${head}{}${tail}`));
}

/** Nothing that hangs on it is foreign: every value is a text, a number, a boolean, or an error that is one of ours. */
function expectPlain(error: CaughtError | string): void {
  if (typeof error === 'string') {
    expect(error.length).toBeLessThan(1_100);
    return;
  }
  expect(Object.getPrototypeOf(error).constructor.name).toBe('CaughtError');
  expect([typeof error.name, typeof error.message, typeof error.stack]).toEqual(['string', 'string', 'string']);
  for (const [key, { value, get, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    expect(get).toBe(undefined);
    if (enumerable) expect([key, typeof value]).toEqual([key, expect.stringMatching(/string|number|boolean/)]);
  }
  if (error.cause !== undefined) expectPlain(error.cause);
  error.errors?.forEach(expectPlain);
}

test.each(Object.entries(unreadable))('%s: plain, bounded, written down', (_kind, make) => {
  const error = asError(make());
  expectPlain(error);
  expect(error.name).not.toBe('');
  expect(written(error).length).toBeLessThan(1_500_000);
  expect(() => inspect(error)).not.toThrow();
});

test('a copy is not copied again', () => {
  const error = asError(new Error('x'));
  expect(asError(error)).toBe(error);
});

test('where a job has broken what the reading is done with, it is an error all the same', () => {
  const broken = vi.spyOn(String.prototype, 'indexOf').mockImplementation(() => {
    throw new Error('no');
  });
  const error = asError(new Error('x'));
  broken.mockRestore();
  expect(error.message).toBe('thrown: it (object) cannot be read');
});

describe('what can be read is kept', () => {
  test('name, message, stack, cause, parts, and fields of one value', () => {
    class Declined extends Error {
      readonly code = 'E_CARD';
      readonly status = 402;
      readonly response = { big: 'object' };
    }
    const cause = new AggregateError([new TypeError('part'), 'text'], 'all');
    const thrown = new Declined('no', { cause });
    const error = asError(thrown);
    expect(error).toMatchObject({ name: 'Declined', message: 'no', stack: thrown.stack, code: 'E_CARD', status: 402 });
    expect(error).not.toHaveProperty('response');
    expect(error.cause).toMatchObject({ name: 'AggregateError', message: 'all', partCount: 2 });
    expect((error.cause as CaughtError).errors).toMatchObject([{ name: 'TypeError', message: 'part' }, 'text']);
  });

  test("Ruby's name of a class wins, unless it is none", () => {
    class Declined extends Error {
      static rubyName: unknown = 'Payments::Declined';
      override readonly name = 'Declined';
    }
    class Expired extends Declined {}
    expect(asError(new Declined('no')).name).toBe('Payments::Declined');
    expect(asError(new Expired('no')).name).toBe('Payments::Declined');
    for (const odd of ['', 7, undefined, {}]) {
      Declined.rubyName = odd;
      expect(asError(new Declined('no')).name).toBe('Declined');
    }
    Object.defineProperty(Declined, 'rubyName', {
      get() {
        throw new Error('getter');
      },
    });
    expect(asError(new Declined('no')).name).toBe('Declined');
  });

  test('the type in the log is the name', () => {
    expect(written(asError(new RangeError('x')))).toContain('"type":"RangeError"');
  });

  test.each([
    ['a text', 'a text'],
    [{ code: 'E' }, 'thrown: {"code":"E"}'],
    [{ message: 'no error, but like one' }, 'no error, but like one'],
    [undefined, 'thrown: undefined'],
    [null, 'thrown: null'],
    [Symbol('s'), 'thrown: Symbol(s)'],
    [10n, 'thrown: 10'],
  ])('of what is no error, what it was (%#)', (thrown, message) => {
    expect(asError(thrown).message).toBe(message);
  });

  test('of a long message its beginning, and the frames behind it', () => {
    const error = asError(new Error('m'.repeat(1_000_000)));
    expect(error.message.length).toBeLessThan(100_100);
    expect(error.stack).toContain('thrown.test.ts');
  });
});

describe('what hangs on an error', () => {
  /** Hostile values by name: fast-check would stumble over them when it shows a counter-example. */
  const kind = fc.constantFrom(
    'throws',
    'endless',
    ...Object.keys(unreadable).filter((name) => !/huge|many/.test(name)),
  );
  const value = fc.oneof(
    fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true }),
    kind,
  );
  const make = (given: unknown, depth: number): unknown => {
    if (given === 'throws') throw new Error('getter');
    if (given === 'endless')
      return {
        get message() {
          return make('endless', depth + 1);
        },
        get cause() {
          return make('endless', depth + 1);
        },
      };
    return typeof given === 'string' && given in unreadable ? unreadable[given]() : given;
  };
  const key = fc.oneof(
    fc.constantFrom('name', 'message', 'stack', 'cause', 'errors', 'constructor', 'code'),
    fc.string(),
  );

  test('property: whatever it is, the copy is plain and can be written down', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.boolean(), (fields, real) => {
        const thrown = real ? new Error('x') : {};
        // V8 formats the stack when it is first touched, and stumbles over a name that is no text.
        (thrown as Error).stack;
        for (const [name, given] of Object.entries(fields))
          Object.defineProperty(thrown, name, { get: () => make(given, 0), enumerable: true });
        const error = asError(thrown);
        expectPlain(error);
        written(error);
      }),
      { numRuns: 200 },
    );
  });
});
