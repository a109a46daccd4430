/** The failed entry: Ruby's fields in Ruby's order, and valid for every error object. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FailureContext, failureParts } from '../../../src/resque/failure.js';
import { asError } from '../../../src/thrown.js';

const context: FailureContext = {
  workerId: 'web1.ts:4711-0:q',
  queue: 'q',
  failedAt: new Date(Date.UTC(2026, 10, 24, 2, 58, 25, 999)),
};

interface Entry {
  readonly exception: string;
  readonly error: string;
  readonly backtrace: readonly string[];
  readonly payload_base64?: string;
}

function entryText(error: unknown, raw?: Buffer): string {
  const { head, tail } = failureParts(asError(error), raw === undefined ? context : { ...context, raw });
  return `${head}{"class":"A","args":[1]}${tail}`;
}

const entry = (error: unknown, raw?: Buffer): Entry => JSON.parse(entryText(error, raw)) as Entry;

describe('failureParts', () => {
  test('writes the entry as Ruby does, byte for byte', () => {
    const error = new TypeError('boom\nat night');
    error.stack = 'TypeError: boom\nat night\n    at perform (job.ts:4:2)\n    at async run (job.ts:9:1)';
    expect(entryText(error)).toBe(
      '{"failed_at":"2026/11/24 02:58:25 UTC","payload":{"class":"A","args":[1]},"exception":"TypeError",' +
        '"error":"boom\\nat night","backtrace":["perform (job.ts:4:2)","async run (job.ts:9:1)"],' +
        '"worker":"web1.ts:4711-0:q","queue":"q"}',
    );
  });

  test('adds the exact bytes of a payload that was not JSON', () => {
    const raw = Buffer.from([0xff, 0x00, 0x7b]);
    const text = entryText(new Error('x'), raw);
    expect(text.endsWith(`,"payload_base64":"${raw.toString('base64')}"}`)).toBe(true);
  });

  test('names the class of an error that sets no name', () => {
    class Declined extends Error {}
    expect(entry(new Declined('x')).exception).toBe('Declined');
    expect(entry(new DOMException('x', 'AbortError')).exception).toBe('AbortError');
    expect(entry(Object.assign(new Error('x'), { name: 'Own' })).exception).toBe('Own');
    expect(entry(Object.assign(new Error('x'), { name: '' })).exception).toBe('Error');
  });

  test('takes message lines out of the backtrace, also those that look like frames', () => {
    const { backtrace } = entry(new Error('first\n    at fake (x.ts:1:1)'));
    expect(backtrace.length).toBeGreaterThan(0);
    expect(backtrace).not.toContain('fake (x.ts:1:1)');
    expect(backtrace[0]).toContain('failure.test.ts');
  });

  test('follows causes, and lists the errors of an AggregateError', () => {
    const { backtrace } = entry(new Error('outer', { cause: new RangeError('two\nlines', { cause: 'text' }) }));
    expect(backtrace).toContain('caused by RangeError: two lines');
    expect(backtrace).toContain('caused by text');
    const many = entry(new AggregateError([new TypeError('a'), 'b'], 'all')).backtrace;
    expect(many).toContain('error 1 of 2: TypeError: a');
    expect(many).toContain('error 2 of 2: b');
  });

  test('ends on a cycle of causes', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(entry(error).backtrace).toContain('caused by Error: a');
  });

  test('bounds message and backtrace, and keeps the cause of a deep stack', () => {
    const error = new Error('m'.repeat(1_000_000), { cause: new Error('why') });
    error.stack = `Error: ${error.message}\n${'    at f (x.ts:1:1)\n'.repeat(5000)}`;
    const { error: message, backtrace } = entry(error);
    expect(message.length).toBeLessThan(100_020);
    expect(backtrace.length).toBeLessThanOrEqual(200);
    expect(backtrace).toContain('caused by Error: why');
  });

  test('replaces lone surrogates, also those that the cut makes', () => {
    expect(entry(new Error('a\ud800b')).error).toBe('a\ufffdb');
    expect(entry(new Error(`x${'😀'.repeat(60_000)}`)).error).not.toMatch(/\p{Surrogate}/u);
    expect(entryText(new Error('\udc00'))).not.toMatch(/\\ud[89a-f]/i);
  });

  test('does not throw, whatever it is given', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getters = Object.create(Error.prototype, {
      name: {
        get: () => {
          throw new Error('name');
        },
      },
      message: {
        get: () => {
          throw new Error('message');
        },
      },
      stack: {
        get: () => {
          throw new Error('stack');
        },
      },
      cause: {
        get: () => {
          throw new Error('cause');
        },
      },
    });
    const typed = Object.assign(new Error('x'), { name: 5, message: { toString: null }, stack: 7, errors: proxy });
    for (const odd of [proxy, getters, typed, null, undefined, 'text', Symbol('s'), { errors: { length: 1e9 } }]) {
      expect(entry(odd).exception).not.toBe('');
    }
  });

  test('is valid, well-formed JSON for any error', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    const field = fc.oneof(text, fc.anything({ withBigInt: true, withNullPrototype: true }));
    const any = fc.record(
      { name: field, message: field, stack: field, cause: field, errors: field },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(any, fc.boolean(), (fields, real) => {
        const plain = new Error('x');
        plain.stack; // V8 formats the stack when it is first touched, and stumbles over a message that is no text.
        const error = real ? Object.defineProperties(plain, Object.getOwnPropertyDescriptors(fields)) : fields;
        const written = entryText(error);
        const { exception, backtrace, error: message } = JSON.parse(written) as Entry;
        expect(typeof message).toBe('string');
        expect(exception).not.toBe('');
        expect(backtrace.every((line) => typeof line === 'string')).toBe(true);
        expect(written).not.toMatch(/\\ud[89a-f]/i);
      }),
      { numRuns: 150 },
    );
  });
});
