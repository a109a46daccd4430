/** Texts that attack the terminal of the reader. */
import fc from 'fast-check';

/** Characters that must never reach a terminal. */
export const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const PARTS = [
  ...[
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u001b[31m',
    '\u009b31m',
    '\u0090q\u009c',
    '\b\b\b',
    '\r',
    '\v',
    '\f',
    '\0',
  ],
  ...['\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\u200d', '\ufeff', '\u00ad', '\u2028', '\u2029', '\u0085'],
  ...['\ud800', '\udc00', '\u{e0041}', '\n', '\t', '\u007f', 'x', '"', '\\', '\\u001b', '<', '日本', ' '],
];

export const HOSTILE = fc
  .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''));
