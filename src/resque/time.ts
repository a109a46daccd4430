/** Times as Resque programs write them, read. Pure. */

const HAS_DATE_AND_TIME = /\d{4}.*\d:\d\d|\d:\d\d.*\d{4}/;
const ZONE_NAME = /\s+[A-Za-z]{2,5}$/;

/**
 * Ruby's `2026/11/24 02:58:25 UTC`, goworker's RFC 3339 with nanoseconds, node-resque's JavaScript text.
 * @returns milliseconds; undefined for what is no time. A zone by a name that nobody knows (`MSK`; Ruby writes the name
 *   alone) is taken for the zone of this machine, where the worker most likely runs too.
 */
export function readTime(text: string): number | undefined {
  // V8 finds a date in almost anything.
  if (!HAS_DATE_AND_TIME.test(text)) return undefined;
  const exact = Date.parse(text);
  const ms = Number.isNaN(exact) ? Date.parse(text.replace(ZONE_NAME, '')) : exact;
  return Number.isNaN(ms) ? undefined : ms;
}
