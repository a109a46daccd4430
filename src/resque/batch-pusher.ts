/**
 * Pushes many jobs in batches, each atomically and exactly once: a batch whose reply was lost is sent again, and Redis
 * remembers whether it was pushed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { pushReady } from './enqueue.js';
import type { Keys } from './keys.js';
import type { ReadyJob } from './payload-text.js';

const PATIENCE_MS = 20_000;
const RETRY_MS = 200;
/** How long Redis remembers the batches: longer than any caller waits. */
const REMEMBERED_S = 3600;

export class BatchPusher {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #marker: string;
  #batches = 0;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
    this.#marker = keys.enqueued(randomUUID());
  }

  /**
   * Pushes all jobs or none, except those that are kept out by another job's lock. Jobs of one queue keep their order.
   * @returns the result for each
   * @throws the client's error: after an error reply of Redis nothing was pushed; after a lasting loss of the
   * connection either all jobs were pushed or none
   */
  async push(jobs: readonly ReadyJob[]): Promise<EnqueueResult[]> {
    const batch = { marker: this.#marker, number: ++this.#batches, rememberedS: REMEMBERED_S };
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await pushReady(this.#connection, this.#keys, jobs, batch);
      } catch (error) {
        if (!isPassing(error) || performance.now() > giveUpAt) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  /** Deletes what Redis remembers of the batches. */
  async end(): Promise<void> {
    if (this.#batches > 0) await this.#connection.send(['DEL', this.#marker]).catch(() => {});
  }
}

/** Whether the connection was lost, or a failover is running. Any other error reply is final. */
function isPassing(error: unknown): boolean {
  if (error instanceof TsworkerError) return false;
  const message = error instanceof Error ? error.message : String(error);
  return (
    !/^[A-Z]{2,} /.test(message) || /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|BUSY) /.test(message)
  );
}
