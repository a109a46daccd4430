/**
 * One line for each job that succeeds (`-log-jobs`). At high rates nobody can read them, and writing them would take
 * longer than the jobs: then one line says how many there were.
 */
import type { Logger } from 'pino';
import type { Run } from '../engine/run.js';
import * as globals from '../globals.js';
import { argsText } from '../inspect/payload.js';

const MOST_A_SECOND = 50;
const MOST_ARGS = 100;
/** The part of a payload that is read. */
const MOST_PAYLOAD = 10_000;

export class JobLines {
  readonly #log: Logger;
  #second = 0;
  #written = 0;
  #skipped = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  done(run: Run, worker: string): void {
    const now = globals.Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#sum();
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written++ < MOST_A_SECOND) {
      const { queue, payload } = run.claim;
      this.#log.info(
        { class: run.class, queue, ms: now - run.startedAt, args: shortArgs(payload), worker },
        'job done',
      );
    } else if (this.#skipped++ === 0) setTimeout(() => this.#sum(), 1000).unref();
  }

  #sum(): void {
    if (this.#skipped > 0) this.#log.info({ jobs: this.#skipped }, 'more jobs done');
    this.#skipped = 0;
  }
}

function shortArgs(payload: Buffer): string {
  if (payload.length > MOST_PAYLOAD) return `(${payload.length} bytes)`;
  const text = argsText(payload.toString());
  return text.length > MOST_ARGS ? `${text.slice(0, MOST_ARGS)}…` : text;
}
