/** The kinds of failures that are in the index, each with a number. Memory stays bounded, whatever the messages. Pure. */
import type { FailedEntry } from '../../inspect/failed/entry.js';
import { fingerprint, normalizeMessage } from '../../inspect/failed/fingerprint.js';

export interface Group {
  /** Fingerprint; '' for those that share the place of the rest. */
  readonly kind: string;
  readonly class: string;
  readonly exception: string;
  /** With `#` for what varies, and secrets masked. */
  readonly message: string;
}

/** Messages may differ in what nobody can tell to vary. */
const MOST_GROUPS = 10_000;
const OTHERS: Group = { kind: '', class: '', exception: '', message: '(other kinds of failures)' };

export class Groups {
  readonly #mask: (text: string) => string;
  readonly #numbers = new Map<string, number>();
  readonly #groups: Group[] = [OTHERS];

  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  /** Of the rest: 0. */
  numberOf(entry: FailedEntry): number {
    const kind = fingerprint(entry);
    const known = this.#numbers.get(kind);
    if (known !== undefined) return known;
    if (this.#groups.length > MOST_GROUPS) return 0;
    const message = this.#mask(normalizeMessage(entry.error));
    const [name, exception] = [own(entry.class), own(this.#mask(entry.exception))];
    this.#numbers.set(kind, this.#groups.push({ kind, class: name, exception, message: own(message) }) - 1);
    return this.#groups.length - 1;
  }

  get(number: number): Group {
    return this.#groups[number];
  }

  find(kind: string): Group | undefined {
    const number = this.#numbers.get(kind);
    return number === undefined ? undefined : this.#groups[number];
  }

  get count(): number {
    return this.#groups.length;
  }

  clear(): void {
    this.#numbers.clear();
    this.#groups.length = 1;
  }
}

/** A piece of the entry would keep all of it in memory. */
function own(text: string): string {
  return Buffer.from(text.slice(0, 500)).toString();
}
