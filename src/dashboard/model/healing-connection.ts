/**
 * A connection that is there from the start, whether Redis is or not: it connects in the background, again and again, and
 * until then every call says why there is none. Once connected it heals by itself, as every connection does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argument, Connection } from '../../redis/connection.js';

const PAUSE_MS = 1000;
/** The first call waits so long for the first attempt. */
const PATIENCE_MS = 800;

export class HealingConnection implements Connection {
  readonly #closed = new AbortController();
  #connection: Connection | undefined;
  #why: Error = new Error('not connected to Redis yet');
  #first: Promise<unknown>;
  #silenceMs: number | undefined;

  /** @param open one attempt; it may take its time */
  constructor(open: (signal: AbortSignal) => Promise<Connection>) {
    this.#first = Promise.race([this.#connect(open), sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  async #connect(open: (signal: AbortSignal) => Promise<Connection>): Promise<void> {
    const { signal } = this.#closed;
    const attempt = async () => {
      try {
        const connection = await open(signal);
        if (signal.aborted) connection.drop();
        else this.#connection = connection;
        if (this.#silenceMs !== undefined) connection.limitSilence(this.#silenceMs);
      } catch (error) {
        this.#why = error instanceof Error ? error : new Error(String(error));
      }
    };
    await attempt();
    void this.#retry(attempt);
  }

  async #retry(attempt: () => Promise<void>): Promise<void> {
    while (this.#connection === undefined && !this.#closed.signal.aborted) {
      await sleep(PAUSE_MS, undefined, { ref: false, signal: this.#closed.signal }).catch(() => {});
      if (!this.#closed.signal.aborted) await attempt();
    }
  }

  get tracking(): boolean {
    return false;
  }

  get ready(): boolean {
    return this.#connection?.ready === true;
  }

  get clustered(): boolean {
    return this.#connection?.clustered === true;
  }

  async send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown> {
    if (this.#connection === undefined) await this.#first;
    if (this.#connection === undefined) throw this.#why;
    return await this.#connection.send(args, options);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connection?.close();
  }

  drop(): void {
    this.#closed.abort();
    this.#connection?.drop();
  }

  limitSilence(ms: number): void {
    this.#silenceMs = ms;
    this.#connection?.limitSilence(ms);
  }
}
