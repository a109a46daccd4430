import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless, harmlessJson, harmlessLines } from '../../src/terminal-text.js';
import { HOSTILE, UNSAFE } from '../support/hostile.js';

const text = fc.oneof(fc.string({ unit: 'binary' }), HOSTILE);

describe('for people', () => {
  test('every character that does something else than stand there becomes an escape', () => {
    expect(harmless('a\r\n  b\tc\u001b[2Jd\u0007\u009b\u202e\u200b\ud800\u{e0001}')).toBe(
      'a b c\\u001b[2Jd\\u0007\\u009b\\u202e\\u200b\\ud800\\u{e0001}',
    );
    expect(harmless('plain, ümläut, 日本語, 😀')).toBe('plain, ümläut, 日本語, 😀');
    expect(harmlessLines('a\n\tb\rc\u001b')).toBe('a\n\tb\\u000dc\\u001b');
  });

  test('nothing unsafe is left of any text', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(harmless(one)).not.toMatch(UNSAFE);
        expect(harmlessLines(one).replaceAll(/[\n\t]/g, '')).not.toMatch(UNSAFE);
      }),
    );
  });

  test('a long text costs no more than its length', () => {
    const blanks = ' '.repeat(200_000);
    expect(harmless(`${blanks}x${blanks}`)).toHaveLength(400_001);
    expect(harmless(`${blanks}\n${blanks}x`)).toBe(' x');
  });
});

describe('in JSON', () => {
  test('nothing unsafe is left, and the value is the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          text.map((one) => JSON.stringify({ [one]: [one] })),
        ),
        (json) => {
          const safe = harmlessJson(json);
          expect(safe.replaceAll(/[\n\t]/g, '')).not.toMatch(UNSAFE);
          expect(JSON.parse(safe)).toEqual(JSON.parse(json));
        },
      ),
    );
  });
});
