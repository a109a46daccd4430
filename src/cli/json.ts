/**
 * Output for machines, in two forms: one JSON document for a single result, and one line of JSON for each entry of a
 * list (NDJSON), which can be read and written without holding the whole list.
 */
import { isoTime, jsonText, verbatim } from '../json-text.js';
import type { Io } from './io.js';

export { isoTime, verbatim };

export function printDocument(io: Io, value: unknown): void {
  io.out(`${jsonText(value, 2)}\n`);
}

/** @returns false if the reader has gone */
export async function printLines(io: Io, entries: readonly unknown[]): Promise<boolean> {
  return entries.length === 0 || (await io.print(entries.map((entry) => `${jsonText(entry)}\n`).join('')));
}
