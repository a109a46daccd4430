/**
 * Secrets in texts that programs wrote: messages, backtraces, arguments that are texts. Pure. Knows names that secrets
 * usually have, and forms that only secrets have. Time is linear in the length of the text.
 */

/** Whether a value with this name is a secret. */
export type IsSecret = (name: string) => boolean;

export const MASK = '[masked]';

/** On names in lower case, with `_` where a capital letter stood behind a small one. */
const SECRET_NAME = new RegExp(
  [
    // Not `passenger`; `compass` is taken for one rather than `dbpass` for none.
    'pass(?![a-z])|passw|passphrase|passcode|pwd',
    'secret|token|credential|bearer|authori[sz]ation|auth(?![a-z])|cookie|signature',
    '(?:api|private|access|encryption|signing|session)[-_. ]?(?:key|id)(?![a-z])',
    'card(?:s|no|number)?(?![a-z])|cvv|cvc|ssn(?![a-z])|iban(?![a-z])',
  ].join('|'),
);

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase());
}

/** @param names more names of secrets: what contains one of these, whatever its case */
export function secretNames(names: readonly string[] = []): IsSecret {
  const lower = names.map((name) => name.toLowerCase());
  return (name) => isSecretName(name) || lower.some((one) => name.toLowerCase().includes(one));
}

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{1,40}-----/g;
const KEY_END = /-----END [A-Z0-9 ]{1,40}-----/y;
const WORD_WITH_DOTS = /[\w.-]+/g;
const WEB_TOKEN_BEGIN = /\beyJ[\w-]{6}/;
/** A web token has three parts, an encrypted one five. */
const MOST_PARTS = 5;
const URL = /\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s"'<>]+/gi;

/** The text with a mask for each secret that can be told by its form, or by the name before it. */
export function maskText(text: string, isSecret: IsSecret = isSecretName): string {
  return maskNamed(maskWebTokens(maskKeyBlocks(text)).replace(URL, maskLogin), isSecret);
}

/** A key block that was cut off before its end goes on to the end of the text. */
function maskKeyBlocks(text: string): string {
  const parts: string[] = [];
  let from = 0;
  KEY_BEGIN.lastIndex = 0;
  for (let found = KEY_BEGIN.exec(text); found !== null; found = KEY_BEGIN.exec(text)) {
    parts.push(text.slice(from, found.index), MASK);
    const end = text.indexOf('-----END', KEY_BEGIN.lastIndex);
    KEY_END.lastIndex = end;
    from = end === -1 ? text.length : KEY_END.test(text) ? KEY_END.lastIndex : end;
    KEY_BEGIN.lastIndex = from;
  }
  return parts.length === 0 ? text : `${parts.join('')}${text.slice(from)}`;
}

function maskWebTokens(text: string): string {
  return text.includes('eyJ') ? text.replace(WORD_WITH_DOTS, maskWebTokensIn) : text;
}

/** Part by part: a search that begins anew at each `eyJ` and reads on to a dot would be quadratic. */
function maskWebTokensIn(word: string): string {
  if (!word.includes('eyJ')) return word;
  const shown: string[] = [];
  const parts = word.split('.');
  for (let i = 0; i < parts.length; i++) {
    const begin = i === parts.length - 1 ? -1 : parts[i].search(WEB_TOKEN_BEGIN);
    shown.push(begin === -1 ? parts[i] : `${parts[i].slice(0, begin)}${MASK}`);
    if (begin !== -1) i += MOST_PARTS - 1;
  }
  return shown.join('.');
}

/** `scheme://user:password@host`, also where the password has characters that it should not have. */
function maskLogin(url: string): string {
  const start = url.indexOf('//') + 2;
  const path = url.slice(start).search(/[/?#]/);
  const authority = path === -1 ? url.slice(start) : url.slice(start, start + path);
  const isHostAndPort = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(authority);
  const at = authority.includes('@') ? start + authority.lastIndexOf('@') : isHostAndPort ? -1 : url.lastIndexOf('@');
  return at === -1 ? url : `${url.slice(0, start)}${MASK}${url.slice(at)}`;
}

/** `name=value`, `name: value` (not Ruby's `Token::Refresh`), `"name"=>"value"`, also within quoted JSON, six times: `\"name\":\"value\"`. */
const NAMED = /(?<![\w.-])([\w.-]+)(\\{0,64}["'`]?\]?\s{0,8}(?:=>|=|(?<!:):(?!:))\s{0,8})/g;
/** Their value has blanks and separators of its own. */
const WHOLE_LINE = /cookie|authori[sz]ation/i;

function maskNamed(text: string, isSecret: IsSecret): string {
  const parts: string[] = [];
  let from = 0;
  NAMED.lastIndex = 0;
  for (let found = NAMED.exec(text); found !== null; found = NAMED.exec(text)) {
    if (/(?:Error|Exception)$/.test(found[1])) continue;
    if (!isSecret(found[1]) && !isSecret(wholeName(text, found))) continue;
    const start = found.index + found[0].length;
    const end = valueEnd(text, start, WHOLE_LINE.test(found[1]));
    if (end === start) continue;
    parts.push(text.slice(from, start), MASK);
    from = end;
    NAMED.lastIndex = end;
  }
  return parts.length === 0 ? text : `${parts.join('')}${text.slice(from)}`;
}

/** `API key: abc`: a name of two words. */
function wholeName(text: string, { index, 1: last }: RegExpExecArray): string {
  if (!/^(?:key|id|number|value)$/i.test(last)) return last;
  return `${/[\w.-]{1,40} $/.exec(text.slice(Math.max(0, index - 41), index))?.[0] ?? ''}${last}`;
}

/** Where the value ends that begins at `start`. */
function valueEnd(text: string, start: number, wholeLine: boolean): number {
  const [, escapes, quote] = /^(\\{0,64})(["'`]?)/.exec(text.slice(start, start + 66)) ?? ['', '', ''];
  if (quote !== '') return quotedEnd(text, start + escapes.length + 1, `${escapes}${quote}`);
  if (text[start] === '{' || text[start] === '[') return bracketEnd(text, start);
  const end = text.slice(start).search(wholeLine ? /[\r\n]/ : /[\s,;&)\]}"'<>]/);
  return end === -1 ? text.length : withScheme(text, start, start + end);
}

/** `Bearer abc`: two words. */
function withScheme(text: string, start: number, end: number): number {
  if (!/^(?:bearer|basic|digest|token)$/i.test(text.slice(start, end))) return end;
  const word = /^\s+[^\s,;"'<>]+/.exec(text.slice(end, end + 10_000));
  return end + (word?.[0].length ?? 0);
}

/** Behind the closing quote, which is as often escaped as the opening one; a cut text ends without it. */
function quotedEnd(text: string, from: number, quote: string): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let first = at;
    while (text[first - 1] === '\\') first--;
    if (quote.length > 1 ? first === at : (at - first) % 2 === 0) return at + quote.length;
  }
  return text.length;
}

/** Behind the bracket that closes the one at `start`; brackets in quoted text count too: rather too much than too little. */
function bracketEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{' || text[at] === '[') depth++;
    else if ((text[at] === '}' || text[at] === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}
