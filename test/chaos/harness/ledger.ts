/** The side Redis, which the chaos does not touch: what began and what ended, told by the jobs themselves. */

import { startRedis, type TestRedis } from '../../support/redis.js';
import type { Lives } from './convictions.js';

/** How often, by the job's id. */
export type Runs = ReadonlyMap<number, number>;

/** Ids beyond all others. */
const CHILDREN_FROM = 1_000_000_000;

export class Ledger {
  readonly #redis: TestRedis;

  constructor(redis: TestRedis) {
    this.#redis = redis;
  }

  get socketPath(): string {
    return this.#redis.socketPath;
  }

  begun(): Promise<Runs> {
    return this.#read('begun');
  }

  ended(): Promise<Runs> {
    return this.#read('ended');
  }

  /** How often one job has begun. */
  async runsOf(id: number): Promise<number> {
    return Number((await this.#redis.client.hGet('begun', String(id))) ?? 0);
  }

  /** Of the jobs that other jobs enqueue: how many were announced before the push, and confirmed after it. */
  async children(): Promise<{ readonly announced: number; readonly confirmed: number }> {
    const [announced, confirmed] = await this.#redis.client.mGet(['children:announced', 'children:confirmed']);
    return { announced: Number(announced ?? 0), confirmed: Number(confirmed ?? 0) };
  }

  /** A job is about to be enqueued that may be kept out. @returns its id */
  async announce(): Promise<number> {
    await this.#redis.client.incr('children:announced');
    return CHILDREN_FROM + (await this.#redis.client.incr('children:id'));
  }

  /** It was enqueued. */
  async confirm(): Promise<void> {
    await this.#redis.client.incr('children:confirmed');
  }

  /** It was kept out. */
  async withdraw(): Promise<void> {
    await this.#redis.client.decr('children:announced');
  }

  /** How often two different jobs of one account ran at once. */
  async together(): Promise<number> {
    return Number((await this.#redis.client.get('together')) ?? 0);
  }

  /** How many jobs have ended at least once. */
  async done(): Promise<number> {
    return await this.#redis.client.hLen('ended');
  }

  /** What each process has told of its jobs. */
  async lives(): Promise<Lives> {
    const { client } = this.#redis;
    const keys = await client.keys('life:*');
    const lives = await Promise.all(keys.map((key) => client.lRange(key, 0, -1)));
    return new Map(keys.map((key, n) => [Number(key.slice('life:'.length)), lives[n]]));
  }

  stop(): Promise<void> {
    return this.#redis.stop();
  }

  async #read(what: 'begun' | 'ended'): Promise<Runs> {
    const entries = Object.entries(await this.#redis.client.hGetAll(what));
    return new Map(entries.map(([id, times]) => [Number(id), Number(times)]));
  }
}

export async function startLedger(): Promise<Ledger> {
  return new Ledger(await startRedis());
}
