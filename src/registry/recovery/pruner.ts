/** Prunes beside the heartbeats, one run at a time and in steps, so that neither a beat nor a stop waits for it. */
import type { Connection } from '../../redis/connection.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../heartbeat-options.js';
import { pruneDead, pruneGone } from './prune.js';
import type { Recovered } from './recover.js';

export class Pruner {
  readonly #connection: Connection;
  readonly #options: HeartbeatOptions;
  readonly #tell: (message: HeartbeatMessage) => void;
  #stopped = new AbortController();
  #pruning: Promise<void> | undefined;
  #lookedForGone = false;
  #problem = '';

  constructor(connection: Connection, options: HeartbeatOptions, tell: (message: HeartbeatMessage) => void) {
    this.#connection = connection;
    this.#options = options;
    this.#tell = tell;
  }

  start(): void {
    this.#stopped = new AbortController();
  }

  /** Ends after the current step. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#pruning;
  }

  /**
   * Starts a run, unless one is running. Resolves when it has ended; never rejects.
   * @param acceptedSince since when Redis accepts heartbeats without a break; none is judged for `pruneAfterMs` after
   */
  async prune(now: number, acceptedSince: number): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    this.#pruning ??= this.#pruneAll(now, acceptedSince, signal).finally(() => {
      this.#pruning = undefined;
    });
    await this.#pruning;
  }

  async #pruneAll(now: number, acceptedSince: number, signal: AbortSignal): Promise<void> {
    const pruned = (worker: Recovered) => this.#tell({ kind: 'pruned', worker });
    const step = { signal, pruned };
    try {
      if (!this.#lookedForGone) await pruneGone(this.#connection, this.#options, step);
      this.#lookedForGone = true;
      const judges = now - acceptedSince > this.#options.pruneAfterMs;
      if (judges && !signal.aborted) await pruneDead(this.#connection, this.#options, now, step);
      this.#problem = '';
    } catch (error) {
      this.#report(String(error));
    }
  }

  /** Reports the same problem in a row only once. */
  #report(message: string): void {
    if (message !== this.#problem) this.#tell({ kind: 'problem', message });
    this.#problem = message;
  }
}
