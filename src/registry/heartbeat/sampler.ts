/**
 * Adds to the history beside the heartbeats: at most one call at a time, for which no heartbeat waits. An error leaves a gap
 * in the history, and has no other effect.
 */
import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import { takeSample } from '../../resque/history.js';
import { type Identity, keysOf } from '../identity.js';

const EVERY_MS = 30_000;
/** After an error, such as a missing right, which Redis would otherwise log twice a minute. */
const PAUSE_MS = 300_000;

export class Sampler {
  readonly #connection: Connection;
  readonly #identity: Identity;
  #sampling: Promise<void> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, identity: Identity) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** To be called with each heartbeat, however frequent. */
  sample(): void {
    if (this.#sampling !== undefined || globals.now() < this.#notBefore) return;
    this.#sampling = this.#sample().finally(() => {
      this.#sampling = undefined;
    });
  }

  /** Ends after the current call; no heartbeat may follow. */
  async stop(): Promise<void> {
    await this.#sampling;
  }

  async #sample(): Promise<void> {
    this.#notBefore = globals.now() + EVERY_MS;
    try {
      await takeSample(this.#connection, keysOf(this.#identity));
    } catch {
      this.#notBefore = globals.now() + PAUSE_MS;
    }
  }
}
