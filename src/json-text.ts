/**
 * Values as JSON text into which text that is JSON already is put as it is: a 64-bit integer in a payload would not survive
 * being parsed. Unsafe characters become escapes.
 */
import { randomUUID } from 'node:crypto';
import { harmlessJson } from './terminal-text.js';

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

/** Milliseconds since the epoch as machines read them. */
export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

export function jsonText(value: unknown, indent?: number): string {
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
