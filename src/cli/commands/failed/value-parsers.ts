/** Parsers for the values of the filters. */
import { type Kind, type NameKind, readNumber } from '../../../config/value-parsers.js';
import { TsworkerError } from '../../../errors.js';

/**
 * Names separated by commas.
 * @param kind what they name, for shell completion
 */
export const names = (kind?: NameKind): Kind<readonly string[]> => ({
  placeholder: 'name,…',
  ...(kind === undefined ? {} : { names: kind }),
  parse(value) {
    const list = String(value)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    if (list.length > 0) return list;
    throw refuse('must be a name, or several with commas between them', value);
  },
});

/** Jobs per second. */
export const rate: Kind<number> = {
  placeholder: 'jobs',
  parse(value) {
    const number = readNumber(value);
    if (number !== undefined && number > 0 && number <= 1e6) return number;
    throw refuse('must be how many jobs a second, more than 0', value);
  },
};

/** The name of one queue. */
export const queueName: Kind<string> = {
  placeholder: 'queue',
  names: 'queue',
  parse(value) {
    const name = String(value);
    if (name !== '' && !name.includes(',')) return name;
    throw refuse('must be the name of one queue', value);
  },
};

const UNITS_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
const DURATION = /^(?:\d+(?:\.\d+)?[wdhms])+$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:\d\d)?)?$/;

/**
 * A time: a duration before now, or a date and time, by default in the time zone of this machine. Milliseconds since
 * the epoch.
 */
export const moment: Kind<number> = {
  placeholder: 'time',
  parse(value) {
    const typed = String(value).trim();
    if (isDuration(typed)) return Date.now() - durationMs(typed);
    const ms = readTime(typed);
    if (ms !== undefined) return ms;
    throw refuse(
      'must be so long ago (30m, 2h, 3d) or a time (2026-11-24, 2026-11-24T10:30, 2026-11-24T10:30Z)',
      value,
    );
  },
};

/** `90s`, `1h30m`. */
export function isDuration(typed: string): boolean {
  return DURATION.test(typed);
}

/** A date, or a date and time. Milliseconds since the epoch; undefined if invalid. */
export function readTime(typed: string): number | undefined {
  const [, day, clock = '00:00', zone = ''] = TIME.exec(typed) ?? [];
  const ms = Date.parse(`${day}T${clock}${zone === 'UTC' ? 'Z' : zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

export function durationMs(typed: string): number {
  const parts = typed.matchAll(/(\d+(?:\.\d+)?)([wdhms])/g);
  return [...parts].reduce((sum, [, size, unit]) => sum + Number(size) * UNITS_MS[unit as keyof typeof UNITS_MS], 0);
}

/** Text, or `/regex/`. */
export const pattern: Kind<RegExp | string> = {
  placeholder: 'text|/regex/',
  parse(value) {
    const typed = String(value);
    const [, source, flags] = /^\/(.+)\/([imsu]*)$/s.exec(typed) ?? [];
    if (source === undefined) return typed;
    try {
      return new RegExp(source, flags);
    } catch (error) {
      throw new TsworkerError('USAGE', `is not a regular expression: ${(error as Error).message}`);
    }
  },
};

function refuse(takes: string, value: unknown): TsworkerError {
  return new TsworkerError('USAGE', `${takes}, not ${JSON.stringify(value)}`);
}
