/** ISO 8601 as Ruby writes and reads it. Date.parse also accepts other texts, and rejects years beyond 9999. Pure. */

const ISO = /^([+-]?\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:Z|([+-])(\d\d):?(\d\d))$/;

/** @returns milliseconds since the epoch, rounded down; NaN for any other text */
export function timeOf(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map(Number);
  const [fraction = '', sign, zoneHours = '0', zoneMinutes = '0'] = match.slice(7);
  const isValid = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hours <= 24 && minutes <= 59 && seconds <= 60;
  if (!isValid) return Number.NaN;
  // Not Date.UTC: it reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hours, minutes, seconds, Number(fraction.padEnd(3, '0').slice(0, 3)));
  const offsetMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return date.getTime() - (sign === '-' ? -offsetMs : offsetMs);
}

/** A Date to the nanosecond: Ruby's `iso8601(9)`. */
export function isoNanoseconds(date: Date): string {
  return date.toISOString().replace('Z', '000000Z');
}
