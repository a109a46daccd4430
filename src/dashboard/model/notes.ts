/** What came of an action, told on the page that follows it: kept here for a minute, since an address can be made up. */
import { randomUUID } from 'node:crypto';

const KEPT_MS = 60_000;
const MOST = 1000;

export class Notes {
  readonly #notes = new Map<string, { readonly text: string; readonly until: number }>();

  put(text: string): string {
    const now = Date.now();
    for (const [id, { until }] of this.#notes) if (until < now || this.#notes.size >= MOST) this.#notes.delete(id);
    const id = randomUUID().slice(0, 8);
    this.#notes.set(id, { text, until: now + KEPT_MS });
    return id;
  }

  get(id: string | null): string | undefined {
    const note = id === null ? undefined : this.#notes.get(id);
    return note !== undefined && note.until > Date.now() ? note.text : undefined;
  }
}
