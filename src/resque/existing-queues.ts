/**
 * The names in the set of queues, for patterns: read over the connection that watches, and again when Redis reports that
 * the set has changed. One read at a time, and not without a pause, since many queues may be created one after the other.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';

export interface ExistingQueuesOptions {
  readonly connection: Connection;
  /** The key of the set. */
  readonly key: string;
  /** Called with the names after each read. */
  readonly onNames: (names: readonly string[]) => void;
}

/** After a read there is a pause as long as the read, so that new queues without end take half of the time at most. */
const LONGEST_PAUSE_MS = 1000;
/** Part of each name that is not UTF-8: its text form is ambiguous, so such a queue is ignored. */
const REPLACEMENT = '\ufffd';

export class ExistingQueues {
  readonly #options: ExistingQueuesOptions;
  #names: ReadonlySet<string> | undefined;
  #reading: Promise<void> | undefined;
  /** Something has changed since the read under way began. */
  #stale = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(options: ExistingQueuesOptions) {
    this.#options = options;
  }

  /** Resolves when the names have been read once; rejects if that failed. */
  async ready(): Promise<void> {
    if (this.#names === undefined) await (this.#reading ?? this.#start());
  }

  /** The set may have changed. An error is ignored: the next report, look or reconnect reads again. */
  changed(): void {
    this.#stale = true;
    if (this.#reading === undefined && this.#pause === undefined) this.#start().catch(() => {});
  }

  /** This process has pushed to queues, and may have created them, which is not reported. */
  pushedTo(queues: readonly string[]): void {
    if (queues.some((queue) => !this.#names?.has(queue))) this.changed();
  }

  #start(): Promise<void> {
    this.#stale = false;
    const reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  async #read(): Promise<void> {
    const { connection, key, onNames } = this.#options;
    const begun = globals.now();
    // An array, or a set in RESP3.
    const reply = (await connection.send(['SMEMBERS', key])) as Iterable<string>;
    const names = [...reply].filter((name) => !name.includes(REPLACEMENT));
    if (!this.#isKnown(names)) {
      this.#names = new globals.Set(names);
      onNames(names);
    }
    this.#wait(Math.min(LONGEST_PAUSE_MS, globals.now() - begun));
  }

  #isKnown(names: readonly string[]): boolean {
    const known = this.#names;
    return known !== undefined && known.size === names.length && names.every((name) => known.has(name));
  }

  #wait(ms: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#stale) this.changed();
    }, ms);
    this.#pause.unref();
  }
}
