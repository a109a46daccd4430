/**
 * Positions of the members of a JSON object in its text, so that they can be copied byte for byte, without decoding and
 * encoding. Pure.
 */
import * as globals from '../globals.js';

/** The value of a member is `json.subarray(from, to)`. */
export interface Member {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

const SCALAR = /[\w.+-]+/y;
const PLAIN = /^[\w-]*$/;
const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] =
  Buffer.from('\t\n\r "[]{}');

/**
 * The members of an object, in order; both if a key occurs twice. The contents of the values are not checked.
 * @param json any bytes; strings may contain invalid UTF-8
 * @param text the same, one character for each byte, so that an index into the text is one into the bytes
 * @returns undefined if it is not an object
 */
export function membersOf(json: Buffer, text = json.toString('latin1')): Member[] | undefined {
  const members: Member[] = [];
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return undefined;
  at = skipSpace(text, at + 1);
  if (text[at] === '}') return isOver(text, at + 1) ? members : undefined;
  for (;;) {
    const keyEnd = text[at] === '"' ? stringEnd(text, at) : -1;
    const colon = skipSpace(text, keyEnd);
    if (keyEnd < 0 || text[colon] !== ':') return undefined;
    const from = skipSpace(text, colon + 1);
    const to = valueEnd(text, from);
    if (to < 0) return undefined;
    members.push({ key: keyOf(text, json, at, keyEnd), from, to });
    at = skipSpace(text, to);
    if (text[at] === '}') return isOver(text, at + 1) ? members : undefined;
    if (text[at] !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }
}

/** An invalid key (an unknown escape) equals no other. */
function keyOf(text: string, json: Buffer, from: number, to: number): string {
  const key = text.slice(from + 1, to - 1);
  if (PLAIN.test(key)) return key;
  try {
    return globals.JSON.parse(json.toString('utf8', from, to)) as string;
  } catch {
    return key;
  }
}

function isOver(text: string, at: number): boolean {
  return skipSpace(text, at) === text.length;
}

function skipSpace(text: string, from: number): number {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB) return at;
  }
}

/** -1: the value does not end. */
function valueEnd(text: string, from: number): number {
  if (text[from] === '"') return stringEnd(text, from);
  if (text[from] === '{' || text[from] === '[') return nestedEnd(text, from);
  SCALAR.lastIndex = from;
  return SCALAR.test(text) ? SCALAR.lastIndex : -1;
}

/** Step by step, since between the strings of a long backtrace there is one character each. */
function nestedEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at) - 1;
      if (at < 0) return -1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return -1;
}

/** The index after the closing quote of the string that begins at `open`; -1: it does not end. */
export function stringEnd(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let first = quote;
    while (text[first - 1] === '\\') first--;
    // An even number of backslashes escapes itself, not the quote.
    if ((quote - first) % 2 === 0) return quote + 1;
  }
  return -1;
}
