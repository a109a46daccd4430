import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint, normalizeMessage } from '../../../src/inspect/failed/fingerprint.js';

const failure = (error: string) => ({ class: 'Charge', exception: 'Error', error });

describe('a message without what varies', () => {
  test.each([
    ['connect ECONNREFUSED 10.0.0.249:5432', 'connect ECONNREFUSED #'],
    ['connect ECONNREFUSED ::1:6379', 'connect ECONNREFUSED #'],
    ['connect ECONNREFUSED [fe80::1ff:fe23:4567:890a]:6379', 'connect ECONNREFUSED [#]:#'],
    ['execution expired after 30.5 s', 'execution expired after # s'],
    [
      "Cannot read properties of undefined (reading 'percent')",
      "Cannot read properties of undefined (reading 'percent')",
    ],
    ["undefined method `percent' for nil", "undefined method `percent' for nil"],
    ["user 'bob-7' has no card", "user '#' has no card"],
    ['no user "Ada Lovelace"', 'no user "#"'],
    ["can't pay, it's user 12's card", "can't pay, it's user #'s card"],
    ['SMTP 550 mailbox unavailable for user246@example.com', 'SMTP # mailbox unavailable for #'],
    ['GET https://api.example.com/v1/users/12?x=1 failed: 502', 'GET # failed: #'],
    ['order 8f14e45f-ceea-467f-a9d4-123456789abc is gone', 'order # is gone'],
    ['no commit 40ca5b4e53f47e', 'no commit #'],
    ['#<User:0x000078ab12 id: 7> is locked', '#<User:# id: #> is locked'],
    ['not before 2026-11-24T10:30:05.250Z', 'not before #'],
    ['not before 2026/11/24 10:30:05 UTC', 'not before #'],
    ['1,024 of 2,048 rows', '# of # rows'],
    ['panic: boom\n\ngoroutine 7 [running]:', 'panic: boom'],
    ['  two   blanks\tand a tab ', 'two blanks and a tab'],
    ['no shop=berlin for id=x7', 'no shop=# for id=#'],
    ['refused: password=hunter, token: abc', 'refused: password=#, token: [masked]'],
    ['', ''],
  ])('%j', (message, normal) => {
    expect(normalizeMessage(message)).toBe(normal);
  });

  test('is short, has no digit, and does not vary when it is read again, whatever it was', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[-'"`@:./#a-f\d \n]{0,80}$/),
      fc.string({ maxLength: 3000, minLength: 900 }),
    );
    fc.assert(
      fc.property(text, (message) => {
        const normal = normalizeMessage(message);
        expect(normal.length).toBeLessThanOrEqual(200);
        expect(normal).not.toMatch(/\d|\n/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a fingerprint', () => {
  const words = fc.array(fc.constantFrom('connect', 'refused', 'timeout', 'row', 'is', 'locked:', '(reading', 'of'), {
    minLength: 1,
    maxLength: 6,
  });
  const value = fc.oneof(
    fc.nat().map(String),
    fc.float({ noNaN: true, min: 0, max: 1e6 }).map((n) => n.toFixed(2)),
    fc.uuid(),
    fc.ipV4(),
    fc.ipV6().filter((ip) => !ip.includes('.')),
    fc.webUrl().filter((url) => url.length < 100 && !/[(),'[\]{}]/.test(url)),
    fc.stringMatching(/^[a-z]{1,8}\.?[a-z]{1,8}@[a-z]{1,9}\.(com|org)$/),
    fc.stringMatching(/^[a-f\d]{8,40}$/),
    fc
      .date({ noInvalidDate: true, min: new Date('2000-01-01'), max: new Date('2100-01-01') })
      .map((date) => date.toISOString()),
  );

  test('is the same whatever values stand between the same words, and 12 hexadecimal digits', () => {
    fc.assert(
      fc.property(words, fc.array(fc.tuple(value, value), { minLength: 6, maxLength: 6 }), (text, values) => {
        const one = (which: 0 | 1) => text.map((word, i) => `${word} ${values[i][which]}`).join(' ');
        expect(fingerprint(failure(one(0)))).toBe(fingerprint(failure(one(1))));
        expect(fingerprint(failure(one(0)))).toMatch(/^[0-9a-f]{12}$/);
      }),
      { numRuns: 1000 },
    );
  });

  test('differs where words, class or exception differ', () => {
    fc.assert(
      fc.property(words, words, (one, other) => {
        fc.pre(one.join() !== other.join());
        expect(fingerprint(failure(`${one.join(' ')} 7`))).not.toBe(fingerprint(failure(`${other.join(' ')} 7`)));
      }),
    );
    const base = failure('boom');
    const all = [base, { ...base, class: 'Mail' }, { ...base, exception: 'TypeError' }, { ...base, class: '' }];
    expect(new Set(all.map(fingerprint)).size).toBe(all.length);
  });
});

test('a megabyte of anything is looked at in its beginning only', () => {
  for (const unit of ["'a", '"', 'a.', ':a', 'deadbeef-', '1,', 'a@', '0x', 'http://'])
    expect(normalizeMessage(unit.repeat(1_000_000 / unit.length)).length).toBeLessThanOrEqual(200);
});
