/**
 * Text from outside (payloads, worker ids, error messages) made fit for a terminal, by whoever shows it: it must neither
 * break a line, nor move the cursor, nor turn the writing direction. Pure; imports nothing.
 */

/** One line; control characters become pictures of themselves, `␛`. */
export function harmless(text: string): string {
  return text
    .replace(/\s*[\r\n]\s*/g, ' ')
    .replaceAll('\t', ' ')
    .replace(/\p{Cc}/gu, (order) => (order < ' ' ? String.fromCodePoint(0x2400 + order.charCodeAt(0)) : '\ufffd'))
    .replace(/\p{Bidi_Control}/gu, '\ufffd');
}

/** The same JSON with such characters escaped; JSON itself escapes only those below U+0020. */
export function harmlessJson(json: string): string {
  return json.replace(/(?![\n])\p{Cc}|\p{Bidi_Control}/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
