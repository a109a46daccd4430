/**
 * Makes foreign text safe for a terminal: a payload, an error message or an address must not move the cursor, break a
 * table, or look like something else. The only place that knows the unsafe characters. Pure; imports nothing.
 */

/**
 * C0 and C1 controls, invisible format characters (bidi, zero width, tags), the line separators that terminals and
 * editors treat differently, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** JSON already escapes those below U+0020, or has them between its tokens. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line: each unsafe character becomes a visible escape, `\u001b`. */
export function harmless(text: string): string {
  return text.replace(/\s+/g, withoutBreaks).replace(UNSAFE, escaped);
}

/** The same for text of several lines: line breaks and tabs stay. */
export function harmlessLines(text: string): string {
  return text.replace(UNSAFE, (one) => (one === '\n' || one === '\t' ? one : escaped(one)));
}

/** JSON text with the unsafe characters in its strings as JSON escapes: the value does not change. */
export function harmlessJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escapedUnits);
}

/** White space that contains a line break becomes one blank. */
function withoutBreaks(run: string): string {
  return /[\r\n\v\f\u2028\u2029]/.test(run) ? ' ' : run.replaceAll('\t', ' ');
}

function escaped(one: string): string {
  const code = one.codePointAt(0) as number;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : escapedUnits(one);
}

/** As in JSON: a surrogate pair beyond U+FFFF. */
function escapedUnits(one: string): string {
  return Array.from({ length: one.length }, (_, i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}
