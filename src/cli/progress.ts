/** A progress line that is overwritten, shown only on a terminal. */
import { harmless } from '../terminal-text.js';
import type { Io } from './io.js';

const EVERY_MS = 100;

export class Progress {
  readonly #io: Io;
  #shownAt = Number.NEGATIVE_INFINITY;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Shows the result of `text`, at a limited rate. */
  show(text: () => string): void {
    const now = performance.now();
    if (!this.#io.interactive || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    this.#io.err(`\r${harmless(text()).slice(0, this.#io.columns - 1)}\u001b[K`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#io.err('\r\u001b[K');
    this.#shown = false;
  }
}
