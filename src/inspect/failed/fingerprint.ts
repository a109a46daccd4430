/**
 * Decides which failures are of one kind: the same class, exception and message, ignoring ids, numbers, addresses and
 * names in the message. Pure, and the only implementation, since the command line and the dashboard must agree.
 */
import { hash } from 'node:crypto';
import { maskText } from '../secrets.js';

/** The fields of a failure. */
export interface Failure {
  readonly class: string;
  readonly exception: string;
  readonly error: string;
}

/** Long enough to distinguish messages; some contain a whole response, or goworker's stack. */
const MOST_READ = 1000;
const MOST_KEPT = 200;

/** Twelve hexadecimal digits, the same for all failures of a kind. */
export function fingerprint({ class: name, exception, error }: Failure): string {
  return hash('sha1', JSON.stringify([name, exception, normalizeMessage(error)])).slice(0, 12);
}

/* Every repetition is bounded or ends at a character that it cannot contain: the time is linear in the length. */
const VARYING = new RegExp(
  [
    // Quoted text. An apostrophe within a word does not open one; Ruby's quotes end differently than they begin.
    /(?<![\w'])'(?<single>[^']*)'(?!\w)/,
    /"(?<double>[^"]*)"/,
    /`(?<back>[^`']*)[`']/,
    /[a-z][a-z\d+.-]{1,20}:\/\/[^\s"'<>()[\]{},]+/i,
    /[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/,
    /(?<=\w=)[^\s"'`,;&]+/,
    // A UUID, or another id in hexadecimal digits.
    /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/i,
    /\b(?:0x[\da-f]+|[\da-f]{8,})\b/i,
    // IPv6.
    /(?<![\w:])(?:[\da-f]{0,4}:){2,8}[\da-f]{0,4}(?![\w:])/i,
    // A date with a time behind it.
    /\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?/,
    // A number, an IPv4 address, a time of day, a version.
    /\d+(?:[.,:]\d+)*/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/** A name in a program, as in `reading 'percent'`: part of the kind. Anything else in quotes is a value. */
const IDENTIFIER = /^[a-z_$][\w$.:#]*$/i;

/**
 * The first line of a message, with `#` for everything that varies between failures. Secrets are masked: a fingerprint
 * is shown to people who may not see them, and a short secret could be guessed from it.
 */
export function normalizeMessage(message: string): string {
  const [line] = maskText(message.slice(0, MOST_READ)).split('\n', 1);
  return line.replace(VARYING, varying).replace(/\s+/g, ' ').trim().slice(0, MOST_KEPT);
}

function varying(found: string, single?: string, double?: string, back?: string): string {
  const quoted = single ?? double ?? back;
  if (quoted === undefined) return '#';
  const inside = IDENTIFIER.test(quoted) ? quoted.replace(/\d+/g, '#') : '#';
  return `${found[0]}${inside}${found[found.length - 1]}`;
}
