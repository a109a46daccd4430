/** The fields of an entry, decoded lazily. Pure. */
import { isAscii } from 'node:buffer';
import { type Member, membersOf } from '../../resque/json-scan.js';

const PLAIN_STRING = /^"[ !#-[\]-~]*"$/;

export class Fields {
  readonly #raw: Buffer;
  readonly #text: string;
  readonly #ascii: boolean;
  readonly #members: readonly Member[] | undefined;

  constructor(raw: Buffer) {
    this.#raw = raw;
    this.#text = raw.toString('latin1');
    this.#ascii = isAscii(raw);
    this.#members = membersOf(raw, this.#text);
  }

  /** Whether it is an object. */
  get readable(): boolean {
    return this.#members !== undefined;
  }

  /** JSON.parse also takes the last of two. */
  member(key: string): Member | undefined {
    for (let i = (this.#members?.length ?? 0) - 1; i >= 0; i--)
      if (this.#members?.[i].key === key) return this.#members[i];
    return undefined;
  }

  /** undefined if it is missing or not JSON. */
  value(key: string): unknown {
    const member = this.member(key);
    if (member === undefined) return undefined;
    const { from, to } = member;
    const json = this.#ascii ? this.#text.slice(from, to) : this.#raw.toString('utf8', from, to);
    // Most are texts without escapes.
    if (PLAIN_STRING.test(json)) return json.slice(1, -1);
    try {
      return JSON.parse(json);
    } catch {
      return undefined;
    }
  }

  /** '' if it is missing; JSON if it is not a text. */
  text(key: string): string {
    return textOf(this.value(key));
  }

  string(key: string): string {
    const value = this.value(key);
    return typeof value === 'string' ? value : '';
  }
}

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
