/** Parses intervals of resque-scheduler's `every` to milliseconds. Pure. */
import { TimingError } from './cron.js';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: DAY,
  w: 7 * DAY,
  M: 30 * DAY,
  y: 365 * DAY,
};

const WORDS: Readonly<Record<string, number>> = {
  sec: UNITS.s,
  second: UNITS.s,
  min: UNITS.m,
  minute: UNITS.m,
  hour: UNITS.h,
  day: UNITS.d,
  week: UNITS.w,
  month: UNITS.M,
  year: UNITS.y,
};

const REMEDY = "At least a second: '30s', '5m', '1h30m', '1d', '2w', or a number of seconds.";

/**
 * @param given `5m`, `1w2d4h`, `1.5h`, `5 minutes`, `PT1H30M`, or a number of seconds
 * @throws TimingError if it is none of these, or less than a second
 */
export function readEvery(given: unknown): number {
  const ms = typeof given === 'string' ? Math.round(fromText(given.trim())) : Number(given) * SECOND;
  if (Number.isFinite(ms) && ms >= SECOND) return Math.round(ms);
  throw new TimingError(`every ${JSON.stringify(given)} is no interval`, REMEDY);
}

/** NaN if invalid. */
function fromText(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * SECOND;
  if (/^P/i.test(text)) return fromIso(text);
  if (/^(?:\d+(?:\.\d+)?[smhdwMy])+$/.test(text)) return sum(text, /(\d+(?:\.\d+)?)([smhdwMy])/g, UNITS);
  if (/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text))
    return sum(text.toLowerCase(), /(\d+(?:\.\d+)?)\s*([a-z]+?)s?(?![a-z])/g, WORDS);
  return Number.NaN;
}

/** In ISO 8601 months precede the T, and minutes follow it. */
function fromIso(text: string): number {
  const iso = /^P((?:\d+(?:\.\d+)?[YMWD])*)(?:T((?:\d+(?:\.\d+)?[HMS])+))?$/i.exec(text);
  if (iso === null) return Number.NaN;
  const days = (iso[1] ?? '').toUpperCase().replaceAll(/[YWD]/g, (unit) => unit.toLowerCase());
  const pattern = /(\d+(?:\.\d+)?)([smhdwMy])/g;
  return sum(days, pattern, UNITS) + sum((iso[2] ?? '').toLowerCase(), pattern, UNITS);
}

function sum(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const [, size, unit] of text.matchAll(pattern)) total += Number(size) * (units[unit] ?? Number.NaN);
  return total;
}
