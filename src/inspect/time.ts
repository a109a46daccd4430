/** Parses the time formats of Resque's programs. Pure. */

const WRITTEN = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)/;

/**
 * Reads ISO 8601 and RFC 3339 with any number of digits, Ruby's `2026-11-24 02:58:25 +0000` and `2026/11/24 02:58:25 UTC`,
 * Go's debug form, a JavaScript Date as text, and seconds or milliseconds since the epoch.
 * @returns milliseconds since the epoch; undefined for another format, or an unknown time zone
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d{9,}(\.\d+)?$/.test(text)) return fromEpoch(Number(text));
  const match = WRITTEN.exec(text);
  if (match === null) return /GMT[+-]\d{4}/.test(text) ? valid(Date.parse(text)) : undefined;
  const [, year, month, day, clock, fraction = '', zone] = match;
  const offset = /^[+-]/.test(zone) ? zone : 'Z';
  // Date.parse supports at most milliseconds.
  return valid(Date.parse(`${year}-${month}-${day}T${clock}${fraction.slice(0, 4)}${withColon(offset)}`));
}

function withColon(offset: string): string {
  return offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset;
}

/** Seconds until the year 5138, milliseconds since 1973: they do not overlap. */
function fromEpoch(number: number): number | undefined {
  return valid(number < 1e11 ? number * 1000 : number);
}

function valid(ms: number): number | undefined {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 && ms > 0 ? Math.floor(ms) : undefined;
}
