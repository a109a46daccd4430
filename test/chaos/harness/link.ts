/** A connection of the suite's own into the storm: it never queues, never waits long, and goes where the data is. */
import { createClient } from '@redis/client';
import type { TestClient } from '../../support/redis.js';
import { within } from '../../support/until.js';

const PATIENCE_MS = 2000;

export class Link {
  readonly #where: () => string;
  readonly #refusals: Set<string>;
  #path = '';
  #client: TestClient | undefined;

  /**
   * @param where the socket of the Redis that has the data now
   * @param refusals the first word of every error is added: OOM, BUSY, …
   */
  constructor(where: () => string, refusals: Set<string>) {
    this.#where = where;
    this.#refusals = refusals;
  }

  /** Rejects at once while Redis is away, and soon where it does not answer: the caller tries again. */
  async ask<T>(question: (client: TestClient) => Promise<T>): Promise<T> {
    const client = this.#connected();
    try {
      const answer = await within(question(client), PATIENCE_MS, 'an answer of Redis');
      // A question that was asked before a fail-over may be answered by the old master, started again and empty.
      if (this.#path !== this.#where()) throw new Error('the data has moved meanwhile');
      return answer;
    } catch (error) {
      this.#refusals.add(/^[A-Z]+(?= )/.exec(error instanceof Error ? error.message : '')?.[0] ?? 'other');
      // The late answer must not be taken for that of the next question.
      if (/in vain/.test(String(error))) this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#client?.isOpen) this.#client.destroy();
    this.#client = undefined;
  }

  #connected(): TestClient {
    if (this.#path !== this.#where()) this.close();
    if (this.#client !== undefined) return this.#client;
    this.#path = this.#where();
    const client: TestClient = createClient({
      socket: { path: this.#path, reconnectStrategy: 20 },
      disableOfflineQueue: true,
    });
    client.on('error', () => {});
    client.connect().catch(() => {});
    this.#client = client;
    return client;
  }
}
