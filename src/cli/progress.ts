/** One line that is written over again and again, where somebody looks at a terminal. Knows no command. */
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

  /** Shows what `text` says, not more often than can be read. */
  show(text: () => string): void {
    const now = performance.now();
    if (!this.#io.interactive || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    this.#io.err(`\r${harmless(text()).slice(0, this.#io.columns - 1)}\u001b[K`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#io.err('\r\u001b[K');
    this.#shown = false;
  }
}
