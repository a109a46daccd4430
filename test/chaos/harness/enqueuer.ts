/**
 * Enqueues each job exactly once, through every outage: the push notes the job's id beside it in one atomic step, so
 * that it can be sent again after a lost reply. That note also says, at any instant, how many jobs there are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.js';
import { NAMESPACE, PUSHED, QUEUES, WRITES } from './names.js';
import type { Random } from './random.js';

/**
 * KEYS: the ids pushed, a counter of writes, the queue names, the queue, the schedule of delayed jobs. ARGV: the queue's
 * name, in how many milliseconds it is due or 0; id, payload, … A delayed job is written as resque-scheduler does it.
 */
const SCRIPT = `
redis.call('INCR', KEYS[2])
redis.call('SADD', KEYS[3], ARGV[1])
local clock = redis.call('TIME')
for i = 3, #ARGV, 2 do
  if redis.call('SADD', KEYS[1], ARGV[i]) == 1 then
    if ARGV[2] == '0' then
      redis.call('RPUSH', KEYS[4], ARGV[i + 1])
    else
      local time = string.format('%.0f', math.ceil(clock[1] + (clock[2] / 1000 + ARGV[2]) / 1000))
      local item = string.sub(ARGV[i + 1], 1, -2) .. ',"queue":"' .. ARGV[1] .. '"}'
      local list = string.sub(KEYS[5], 1, -#'delayed_queue_schedule' - 1) .. 'delayed:' .. time
      redis.call('RPUSH', list, item)
      redis.call('SADD', string.sub(KEYS[5], 1, -#'delayed_queue_schedule' - 1) .. 'timestamps:' .. item, 'delayed:' .. time)
      redis.call('ZADD', KEYS[5], time, time)
    end
  end
end
`;

const GIVE_UP_MS = 120_000;
const RETRY_MS = 10;

export interface Job {
  readonly class: string;
  /** After the id. */
  readonly args: readonly unknown[];
  /** Due in so many milliseconds; at once where absent. Jobs that are pushed together share that of the first. */
  readonly dueInMs?: number;
}

export class Enqueuer {
  readonly #link: Link;
  readonly #random: Random;
  readonly #replicas: () => number;
  #nextId = 1;
  #acknowledged = 0;

  /** @param replicas how many must have a push before it counts */
  constructor(link: Link, random: Random, replicas: () => number) {
    this.#link = link;
    this.#random = random;
    this.#replicas = replicas;
  }

  /** Jobs that Redis has said it has; more are there while a push is under way. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** In one call, to one queue, any of them unless told. @returns their ids, when they are there */
  async push(jobs: readonly Job[], queue: string = this.#random.pick(QUEUES)): Promise<number[]> {
    const ids = jobs.map(() => this.#nextId++);
    const pairs = jobs.flatMap((job, i) => [
      String(ids[i]),
      JSON.stringify({ class: job.class, args: [ids[i], ...job.args] }),
    ]);
    const schedule = `${NAMESPACE}delayed_queue_schedule`;
    const keys = [PUSHED, WRITES, `${NAMESPACE}queues`, `${NAMESPACE}queue:${queue}`, schedule];
    await this.#persistently(keys, [queue, String(jobs[0]?.dueInMs ?? 0), ...pairs]);
    this.#acknowledged += jobs.length;
    return ids;
  }

  async #persistently(keys: string[], args: string[]): Promise<void> {
    const end = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        return await this.#link.ask(async (client) => {
          await client.eval(SCRIPT, { keys, arguments: args });
          const wanted = this.#replicas();
          if (wanted > 0 && Number(await client.sendCommand(['WAIT', String(wanted), '1000'])) < wanted)
            throw new Error('too few replicas have the push');
        });
      } catch (error) {
        if (performance.now() > end) throw new Error('Redis takes no jobs any more', { cause: error });
        await sleep(RETRY_MS);
      }
    }
  }
}
