/**
 * Cron texts in the syntax of resque-scheduler (fugit), and when they fire. The only user of the cron library. Pure.
 */
import { Cron } from 'croner';

/** A parsed cron text. */
export interface CronTiming {
  /** In the syntax of the library: five or six fields. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timezone: string;
}

/** A timing is invalid; says what would be right. */
export class TimingError extends Error {
  override readonly name = 'TimingError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const EXAMPLE = "Five fields, or six with the seconds first: '0 3 * * *' (minute hour day month weekday), or '@daily'.";

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@noon': '0 12 * * *',
  '@hourly': '0 * * * *',
};

/**
 * @param timezone for a text without one; undefined: that of this process
 * @throws TimingError if the text is invalid, or never fires
 */
export function readCron(text: string, timezone?: string): CronTiming {
  const words = text.trim().split(/\s+/);
  if (/^(CRON_)?TZ=/i.test(words[0]))
    throw new TimingError(
      `${quote(text)} begins with a time zone`,
      "The zone is the last word: '0 3 * * * Europe/Berlin'.",
    );
  const zone = words.length > 1 && isZoneWord(words.at(-1) as string) ? (words.pop() as string) : undefined;
  const fields = words[0].startsWith('@') ? nickname(words, text) : words;
  if (fields.length < 5 || fields.length > 6)
    throw new TimingError(`${quote(text)} is no cron text: it has ${fields.length} fields`, EXAMPLE);
  const timing = {
    cron: normalFields(fields, text).join(' '),
    timezone: checkTimezone(zone ?? timezone ?? ownTimezone()),
  };
  checkFires(timing, text);
  return timing;
}

/** @returns the first time after `afterMs` at which it fires; undefined: never again */
export function nextOfCron({ cron, timezone }: CronTiming, afterMs: number): number | undefined {
  return parse(cron, { timezone }).nextRun(new Date(afterMs))?.getTime();
}

/**
 * A text without wildcards names fixed times: one in the hour that summer time skips fires right after it, one in the
 * hour that comes twice the first time only. With wildcards it follows real time.
 */
function parse(cron: string, zone: { readonly timezone: string } | { readonly utcOffset: number }): Cron {
  // Not cached: the library's object takes 80 kB.
  return new Cron(cron, { ...zone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true });
}

function checkFires({ cron }: CronTiming, text: string): void {
  let never: boolean;
  try {
    // With a fixed offset, which is cheap: a text that never fires there never fires anywhere.
    never = parse(cron, { utcOffset: 0 }).nextRun(new Date(0)) === null;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    throw new TimingError(`${quote(text)} is no cron text: ${reason}`, EXAMPLE);
  }
  if (never) throw new TimingError(`${quote(text)} never fires: there is no such day`, 'Correct day and month.');
}

export function ownTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @throws TimingError if there is no such time zone */
export function checkTimezone(name: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    throw new TimingError(
      `${quote(name)} is no time zone`,
      "A name of the IANA database, as 'Europe/Berlin' or 'UTC'.",
    );
  }
}

const DAYS = 'sun|mon|tue|wed|thu|fri|sat';

/** Else it is the field of the weekdays. */
function isZoneWord(word: string): boolean {
  return /^[a-z]/i.test(word) && !new RegExp(`^(?:${DAYS})(?:[^a-z]|$)`, 'i').test(word) && word.toUpperCase() !== 'L';
}

function nickname(words: readonly string[], text: string): string[] {
  const fields = words.length === 1 ? NICKNAMES[words[0].toLowerCase()] : undefined;
  if (fields !== undefined) return fields.split(' ');
  throw new TimingError(
    `${quote(text)} is no cron text`,
    `These words are known: ${Object.keys(NICKNAMES).join(', ')}.`,
  );
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** First and last value of each field, the last five: minute, hour, day of the month, month, weekday. */
const BOUNDS = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/** Converts fugit's syntax to that of the library. */
function normalFields(fields: readonly string[], text: string): string[] {
  const first = BOUNDS.length - fields.length;
  return fields.map((field, i) => {
    const position = first + i;
    const values = field.toLowerCase().split(',');
    return values.map((value) => normalValue(value, position, text)).join(',');
  });
}

const DAY = 3;
const MONTH = 4;
const WEEKDAY = 5;

function normalValue(value: string, position: number, text: string): string {
  if (position === DAY && (value === '-1' || value === 'last' || value === 'l')) return 'L';
  if (position === WEEKDAY && value.includes('%'))
    throw new TimingError(
      `${quote(text)} fires every some weeks (${value}), which is not supported`,
      "Use every: '2w', or let the job look at the week.",
    );
  const last = position === WEEKDAY ? /^(.+)#-1$/.exec(value) : null;
  if (last !== null) return `${numbered(last[1], position)}L`;
  return unwrapped(numbered(value, position), position);
}

/** Converts names of days and months to numbers, so that ranges of them can be compared. */
function numbered(value: string, position: number): string {
  const names = position === WEEKDAY ? DAYS.split('|') : position === MONTH ? MONTHS : undefined;
  if (names === undefined) return value;
  return value.replace(/[a-z]{3}/g, (name) => (names.includes(name) ? String(names.indexOf(name)) : name));
}

/** Converts a range that wraps around (`22-2`) to the list of its values. */
function unwrapped(value: string, position: number): string {
  const range = /^(\d+)-(\d+)(?:\/(\d+))?$/.exec(value);
  if (range === null) return value;
  const [from, to, step] = [Number(range[1]), Number(range[2]), Number(range[3] ?? 1)];
  const [low, high] = BOUNDS[position];
  if (from <= to || from > high || step === 0) return value;
  const values: number[] = [];
  for (let at = from; at <= high + 1 + to - low; at += step) values.push(at <= high ? at : at - high - 1 + low);
  return values.join(',');
}

function quote(text: string): string {
  return JSON.stringify(text);
}
