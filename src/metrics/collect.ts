/**
 * Reads Redis at the time of a scrape: its counters and the lengths of the queues. One round trip, at most once a second
 * for all scrapers, with a short timeout: the endpoint must answer even if Redis does not.
 */

import { enqueuedAt } from '../inspect/enqueued.js';
import { type QueueList, resolveQueues } from '../queue-patterns.js';
import type { Connection } from '../redis/connection.js';
import { createKeys, type Keys } from '../resque/keys.js';
import type { Sample } from './totals.js';

export interface CollectOptions {
  /** undefined: not connected. */
  readonly connection: () => Connection | undefined;
  readonly namespace: string;
  /** The configured queues, no others get series; patterns stand for the queues that match them at each scrape. */
  readonly queues: QueueList;
  /** Called once for a command that Redis denies: the metrics that need it are omitted. */
  readonly refused: (error: Error) => void;
}

/** Queues with series of their own, where patterns match more. */
const MOST_QUEUES = 1000;
const FRESH_MS = 1000;
const PATIENCE_MS = 1000;

export class Collector {
  readonly #options: CollectOptions;
  readonly #keys: Keys;
  #asked: { readonly at: number; readonly samples: Promise<readonly Sample[]> } | undefined;
  #refused = false;

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#keys = createKeys(options.namespace);
  }

  /** Never rejects. */
  samples(): Promise<readonly Sample[]> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > FRESH_MS)
      this.#asked = { at: now, samples: this.#collect() };
    return this.#asked.samples;
  }

  /** Whether Redis answers now. */
  async answers(): Promise<boolean> {
    const connection = this.#options.connection();
    if (!connection?.ready) return false;
    return (await inTime(connection.send(['PING']))) !== undefined;
  }

  async #collect(): Promise<readonly Sample[]> {
    const connection = this.#options.connection();
    const found = connection?.ready ? await inTime(this.#ask(connection)) : undefined;
    return [{ family: 'tsworker_redis_up', labels: {}, value: found === undefined ? 0 : 1 }, ...(found ?? [])];
  }

  async #ask(connection: Connection): Promise<Sample[]> {
    const { processed, failures, failed, stat } = this.#keys;
    const queues = await this.#queues(connection);
    // All are sent before the first reply is awaited.
    const asked = [
      this.#number(connection, ['GET', processed], 'tsworker_resque_processed_total'),
      this.#number(connection, ['GET', failures], 'tsworker_resque_failed_total'),
      this.#number(connection, ['LLEN', failed], 'tsworker_failed_list_jobs'),
      this.#number(connection, ['HGET', stat, 'retried'], 'tsworker_retried_total'),
      this.#number(connection, ['HGET', stat, 'scheduled'], 'tsworker_scheduled_total'),
      ...queues.flatMap((queue) => {
        const key = this.#keys.queue(queue);
        return [
          this.#number(connection, ['LLEN', key], 'tsworker_queue_jobs', { queue }),
          this.#number(connection, ['LLEN', this.#keys.quarantine(queue)], 'tsworker_quarantined', { queue }),
          this.#number(connection, ['ZCARD', this.#keys.retriesOf(queue)], 'tsworker_retrying', { queue }),
          this.#number(connection, ['EXISTS', this.#keys.pauseOf(queue)], 'tsworker_queue_paused', { queue }),
          this.#headAge(connection, key, queue),
        ];
      }),
    ];
    // PING last: a Redis that denies all of them is up nevertheless.
    await Promise.all([...asked, connection.send(['PING'])]);
    return (await Promise.all(asked)).flatMap((sample) => sample ?? []);
  }

  async #queues(connection: Connection): Promise<readonly string[]> {
    const { queues, weighted, dynamic } = this.#options.queues;
    if (!dynamic) return queues.map(({ name }) => name);
    const existing = (await connection.send(['SMEMBERS', this.#keys.queues]).catch(() => [])) as string[];
    return resolveQueues(queues, existing, weighted)
      .slice(0, MOST_QUEUES)
      .map(({ name }) => name);
  }

  async #number(
    connection: Connection,
    command: readonly string[],
    family: Sample['family'],
    labels: Sample['labels'] = {},
  ): Promise<Sample | undefined> {
    const reply = await this.#reply(connection, command);
    const value = Number(reply ?? 0);
    return reply === undefined || !Number.isFinite(value) ? undefined : { family, labels, value };
  }

  async #headAge(connection: Connection, key: string, queue: string): Promise<Sample | undefined> {
    const payload = await this.#reply(connection, ['LINDEX', key, '0']);
    const since = Buffer.isBuffer(payload) ? enqueuedAt(payload) : undefined;
    if (since === undefined) return undefined;
    const value = Math.max(0, Date.now() - since) / 1000;
    return { family: 'tsworker_queue_head_age_seconds', labels: { queue }, value };
  }

  /** undefined if Redis replies with an error: an ACL, a key of another type. */
  async #reply(connection: Connection, command: readonly string[]): Promise<unknown> {
    try {
      return await connection.send(command, { binary: true });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!this.#refused && error.message.startsWith('NOPERM')) this.#options.refused(error);
      this.#refused ||= error.message.startsWith('NOPERM');
      return undefined;
    }
  }
}

/** undefined if it rejects, or does not resolve in time. */
async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
