/**
 * Output for machines, in one of two forms everywhere: one JSON document where there is one thing to say, and one line of
 * JSON for each entry of a list (NDJSON), which can be read and written without holding the whole list.
 */
import { randomUUID } from 'node:crypto';
import { harmlessJson } from '../terminal-text.js';
import type { Io } from './io.js';

/** Text that is JSON already, and is put in as it is: a 64-bit integer in a payload would not survive being parsed. */
class Verbatim {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** A payload as a value to be printed: as it is where it is JSON, else as text. */
export function verbatim(text: string): unknown {
  try {
    JSON.parse(text);
    // Between the tokens only: inside of strings line breaks are escaped.
    return new Verbatim(text.replaceAll(/[\r\n]/g, ' '));
  } catch {
    return text;
  }
}

export function printDocument(io: Io, value: unknown): void {
  io.out(`${stringify(value, 2)}\n`);
}

/** @returns false: nobody reads any more */
export async function printLines(io: Io, entries: readonly unknown[]): Promise<boolean> {
  return entries.length === 0 || (await io.print(entries.map((entry) => `${stringify(entry)}\n`).join('')));
}

/** Milliseconds since the epoch as machines read them. */
export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function stringify(value: unknown, indent?: number): string {
  const mark = randomUUID();
  const kept: string[] = [];
  const text = JSON.stringify(
    value,
    (_, item: unknown) => (item instanceof Verbatim ? `${mark}${kept.push(item.json) - 1}` : item),
    indent,
  );
  const whole = text.replaceAll(new RegExp(`"${mark}(\\d+)"`, 'g'), (_, i) => kept[Number(i)]);
  return harmlessJson(whole);
}
