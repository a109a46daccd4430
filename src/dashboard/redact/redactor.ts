/**
 * What of a job and of its failure may be shown, searched and sent: secrets are masked. Pure. The bytes in Redis never
 * change, and a retry takes those.
 */

import type { FailedEntry } from '../../inspect/failed/entry.js';
import { readClass } from '../../inspect/payload.js';
import { type IsSecret, MASK, maskText, secretNames } from '../../inspect/secrets.js';
import { maskJson, type Path, tokensOf } from './json.js';

export interface RedactOptions {
  /** Names of secrets beside the usual ones: what contains one of these, whatever its case. */
  readonly keys?: readonly string[];
  /** By class: the positions of arguments that are secrets, from 0. Most Resque arguments have no name. */
  readonly args?: Readonly<Record<string, readonly number[]>>;
}

/** What the texts of a failed entry may be shown as. Its class, queue and worker are names, and shown as they are. */
export interface ShownFailure {
  readonly exception: string;
  readonly error: string;
  readonly backtrace: readonly string[];
  readonly payload: string;
}

/** Texts that are JSON themselves are looked into, one in the other, so deep. */
const MOST_NESTED = 4;
/** What is as short as this, such as `1`, stands anywhere by chance. */
const SHORTEST_COPY = 4;
const MOST_COPIES = 100;

export class Redactor {
  readonly #isSecret: IsSecret;
  readonly #positions: ReadonlyMap<string, ReadonlySet<number>>;

  constructor({ keys = [], args = {} }: RedactOptions = {}) {
    this.#isSecret = secretNames(keys);
    this.#positions = new Map(Object.entries(args).map(([name, positions]) => [name, new Set(positions)]));
  }

  /** A message, or any other text. */
  text(text: string): string {
    return this.#text(text, 0);
  }

  payload(payload: string): string {
    return this.#payload(payload).shown;
  }

  /** A job, and a message about it: values that are masked in the one are masked in the other too. */
  withText(payload: string, text: string): { readonly payload: string; readonly text: string } {
    const { shown, copies } = this.#payload(payload);
    return { payload: shown, text: copies(this.text(text)) };
  }

  /** Values that are masked in its payload are masked in its message and its backtrace too. */
  failure(entry: FailedEntry): ShownFailure {
    const { shown, copies } = this.#payload(entry.payload);
    const text = (value: string) => copies(this.text(value));
    return {
      exception: text(entry.exception),
      error: text(entry.error),
      // A key block has many lines.
      backtrace: entry.backtrace.length === 0 ? [] : text(entry.backtrace.join('\n')).split('\n'),
      payload: shown,
    };
  }

  #payload(payload: string): { readonly shown: string; readonly copies: (text: string) => string } {
    const value = parsed(payload);
    if (value === undefined) return { shown: this.text(payload), copies: (text) => text };
    const hidden = new Set<string>();
    const positions = this.#positions.get(readClass(value));
    const shown = this.#json(payload, 0, positions, (json) => collect(json, hidden));
    return { shown, copies: maskerOf(hidden) };
  }

  #json(json: string, nested: number, positions?: ReadonlySet<number>, hidden?: (json: string) => void): string {
    const hides = (path: Path) => {
      const last = path.at(-1);
      return (typeof last === 'string' && this.#isSecret(last)) || (positions?.has(argumentAt(path)) ?? false);
    };
    const text = (value: string) => this.#text(value, nested + 1);
    return maskJson(json, hidden === undefined ? { hides, text } : { hides, text, hidden });
  }

  #text(text: string, nested: number): string {
    const isJson = nested < MOST_NESTED && /^\s*[{[]/.test(text) && parsed(text) !== undefined;
    return isJson ? this.#json(text, nested) : maskText(text, this.#isSecret);
  }
}

/** Which argument of the job begins there; -1: none. Those of ActiveJob stand in its wrapper's first. */
function argumentAt(path: Path): number {
  const at = path.at(-1);
  const isOwn = path.length === 2 && path[0] === 'args';
  const isRails = path.length === 4 && path[0] === 'args' && path[1] === 0 && path[2] === 'arguments';
  return typeof at === 'number' && (isOwn || isRails) ? at : -1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The texts and numbers in a masked value. */
function collect(json: string, into: Set<string>): void {
  for (const token of tokensOf(json)) {
    if (!/^["\d-]/.test(token)) continue;
    const text = token.startsWith('"') ? (JSON.parse(token) as string) : token;
    if (text.length >= SHORTEST_COPY && into.size < MOST_COPIES) into.add(text);
  }
}

/** Replaces each of these wherever it stands, as it is or as JSON and Ruby write it within quotes. */
function maskerOf(hidden: ReadonlySet<string>): (text: string) => string {
  const forms = [...hidden].flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, form) => shown.replaceAll(form, MASK), text);
}
