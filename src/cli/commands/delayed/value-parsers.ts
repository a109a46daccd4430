/** Parsers for times in the future. */
import type { Kind } from '../../../config/value-parsers.js';
import { TsworkerError } from '../../../errors.js';
import { durationMs, isDuration, readTime } from '../failed/value-parsers.js';

/**
 * A duration from now, or a date and time, by default in the time zone of this machine. Milliseconds since the epoch.
 */
export const ahead: Kind<number> = {
  placeholder: 'time',
  parse(value) {
    const typed = String(value).trim();
    if (isDuration(typed)) return Date.now() + durationMs(typed);
    const ms = readTime(typed);
    if (ms !== undefined) return ms;
    throw refuse('must be so long from now (10m, 2h, 3d) or a time (2026-12-24T18:00, 2026-12-24T18:00Z)', value);
  },
};

/** Milliseconds. */
export const delay: Kind<number> = {
  placeholder: 'duration',
  parse(value) {
    const typed = String(value).trim();
    if (isDuration(typed)) return durationMs(typed);
    if (/^\d+(\.\d+)?$/.test(typed)) return Number(typed) * 1000;
    throw refuse('must be so long from now: 90, 90s, 10m, 2h, 3d', value);
  },
};

export const time: Kind<number> = {
  placeholder: 'time',
  parse(value) {
    const ms = readTime(String(value).trim());
    if (ms !== undefined) return ms;
    throw refuse('must be a time: 2026-12-24T18:00, or with a zone, 2026-12-24T18:00Z', value);
  },
};

function refuse(takes: string, value: unknown): TsworkerError {
  return new TsworkerError('USAGE', `${takes}, not ${JSON.stringify(value)}`);
}
