/**
 * Whether a payload is readable for all other programs. The claim script decides it for small payloads (json.lua); this
 * is for those that are too large for it. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { WRAPPER } from './wrapper.js';

const MOST_NESTING = 1000;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;

/** Whether the payload is a JSON object that names a class. */
export function isStrict(payload: Buffer): boolean {
  if (!isUtf8(payload)) return false;
  const text = payload.toString();
  const job = parse(text);
  if (typeof job !== 'object' || job === null || Array.isArray(job)) return false;
  const { class: name, args } = job as { class?: unknown; args?: unknown };
  if (typeof name !== 'string' || name === '' || hasHalfPair(text) || isTooDeep(text)) return false;
  // resque-web fails on an ActiveJob wrapper without its one argument.
  return name !== WRAPPER || (Array.isArray(args) && typeof args[0] === 'object' && args[0] !== null);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether an escape is a lone surrogate, which Ruby rejects. */
function hasHalfPair(text: string): boolean {
  if (!text.includes('\\u')) return false;
  let high = -1;
  for (const { 0: whole, 1: digits, index } of text.matchAll(ESCAPE)) {
    const code = digits === undefined ? 0 : Number.parseInt(digits, 16);
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    // A high surrogate must be followed by a low one, and a low one must follow a high one.
    if ((high >= 0 && high !== index) || isLow !== high >= 0) return true;
    high = code >= 0xd800 && code <= 0xdbff ? index + whole.length : -1;
  }
  return high >= 0;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') {
      if (++depth > MOST_NESTING) return true;
    } else if (char === '}' || char === ']') depth--;
  }
  return false;
}
