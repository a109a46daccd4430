/**
 * Where the members of a JSON object lie in its text: what must keep its bytes is cut out, never decoded and encoded
 * again. Pure. Knows JSON, and must not know what any member means.
 */

/** The value of a member is `json.subarray(from, to)`. */
export interface Member {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

const OPENS_OR_CLOSES = /["{}[\]]/g;
const SCALAR = /[^\s,}\]]+/y;
const PLAIN = /^[\w-]*$/;
const SPACE_OR_COMMA = /[\s,:]*/y;

/**
 * The members of an object, in order; of a key that is written twice, both.
 * @param json the text of an object that JSON.parse accepts (bytes within a string may be no UTF-8)
 */
export function membersOf(json: Buffer): Member[] {
  // One character for each byte, so that an index into the text is one into the bytes.
  const text = json.toString('latin1');
  const members: Member[] = [];
  let at = skip(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    const from = skip(text, keyEnd);
    const to = valueEnd(text, from);
    members.push({ key: keyOf(text, json, at, keyEnd), from, to });
    at = skip(text, to);
  }
  return members;
}

function keyOf(text: string, json: Buffer, from: number, to: number): string {
  const key = text.slice(from + 1, to - 1);
  return PLAIN.test(key) ? key : (JSON.parse(json.toString('utf8', from, to)) as string);
}

function skip(text: string, at: number): number {
  SPACE_OR_COMMA.lastIndex = at;
  SPACE_OR_COMMA.test(text);
  return SPACE_OR_COMMA.lastIndex;
}

function valueEnd(text: string, from: number): number {
  if (text[from] === '"') return stringEnd(text, from);
  if (text[from] === '{' || text[from] === '[') return nestedEnd(text, from);
  SCALAR.lastIndex = from;
  SCALAR.test(text);
  return SCALAR.lastIndex;
}

function nestedEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    OPENS_OR_CLOSES.lastIndex = at;
    const found = OPENS_OR_CLOSES.exec(text)?.index ?? text.length;
    const mark = text[found];
    at = mark === '"' ? stringEnd(text, found) : found + 1;
    if (mark === '{' || mark === '[') depth++;
    else if (mark === '}' || mark === ']') depth--;
  } while (depth > 0 && at < text.length);
  return at;
}

/** The index after the closing quote of the string that opens at `open`. */
function stringEnd(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let first = quote;
    while (text[first - 1] === '\\') first--;
    // An even number of backslashes escapes itself, not the quote.
    if ((quote - first) % 2 === 0) return quote + 1;
  }
  return text.length;
}
