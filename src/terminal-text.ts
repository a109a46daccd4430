/**
 * Text from outside made harmless for a terminal: what a payload, an error message or an address holds must neither move
 * the cursor, break a table, nor look like something else. The one place that knows which characters do. Pure; imports nothing.
 */

/**
 * C0 and C1 controls, every invisible format character (bidi, zero width, tags), the line separators that terminals and
 * editors do not agree on, and surrogates without their other half.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Of these JSON itself writes those below U+0020 as escapes, or has them between its tokens. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line: each unsafe character becomes an escape that can be read, `\u001b`. */
export function harmless(text: string): string {
  return text.replace(/\s+/g, withoutBreaks).replace(UNSAFE, escaped);
}

/** The same, where line breaks and tabs are meant. */
export function harmlessLines(text: string): string {
  return text.replace(UNSAFE, (one) => (one === '\n' || one === '\t' ? one : escaped(one)));
}

/** JSON text with the unsafe characters of its strings as JSON escapes: the value stays what it is. */
export function harmlessJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escapedUnits);
}

/** A run of white space that breaks the line is one blank. */
function withoutBreaks(run: string): string {
  return /[\r\n\v\f\u2028\u2029]/.test(run) ? ' ' : run.replaceAll('\t', ' ');
}

function escaped(one: string): string {
  const code = one.codePointAt(0) as number;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : escapedUnits(one);
}

/** As JSON has it, in two halves beyond U+FFFF. */
function escapedUnits(one: string): string {
  return Array.from({ length: one.length }, (_, i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}
