/** Unique jobs under kills: no two that are the same run at once, and at rest there is no lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { close, enqueue, setSettings } from 'tsworker';
import type { Chaos } from '../harness/chaos.js';
import { Killer } from '../harness/killer.js';
import { NAMESPACE, QUEUES } from '../harness/names.js';
import type { Scenario } from '../harness/scenario.js';

/** Few, so that most pushes meet a lock. */
const ACCOUNTS = 30;
const EVERY_MS = 5;
const ENOUGH = 4 * ACCOUNTS;
const GIVE_UP_MS = 120_000;
const TTL_S = 600;

export const unique: Scenario = {
  name: 'unique',
  about: 'unique jobs of 30 accounts, which fail once each, pushed without a break; a SIGKILL every 100 ms',
  async run(chaos) {
    await chaos.startRedis();
    const fleet = chaos.short ? chaos.fleet(2) : chaos.fleet(3, '-processes=2');
    setSettings({ uri: chaos.redis.uri, namespace: NAMESPACE });
    chaos.onEnd(close);
    const producer = new Producer(chaos);
    const pushing = producer.run();
    const killer = new Killer(chaos, fleet, chaos.link());
    const [forMs, atLeast] = chaos.short ? [2000, 5] : [60_000, 100];
    try {
      await chaos.storm({ jobs: chaos.jobs(1000, 300), everyMs: 100, forMs, atLeast }, () => killer.killOne());
    } finally {
      producer.isOver = true;
      await pushing;
    }
    await chaos.rest();
    await check(chaos, producer);
  },
};

async function check(chaos: Chaos, { enqueued, kept }: Producer): Promise<void> {
  chaos.check(enqueued >= ENOUGH && kept > 10, `too little happened: ${enqueued} enqueued, ${kept} kept`);
  const together = await chaos.ledger.together();
  chaos.check(together === 0, `${together} times two different jobs of an account ran at once`);
  const locks = await chaos.redis.client.keys(`${NAMESPACE}tsworker:unique:*`);
  chaos.check(locks.length === 0, `locks without a job: ${locks.slice(0, 5).join(', ')} (${locks.length})`);
}

/** Enqueues unique jobs as fast as it may. To the ledger they are jobs that other jobs enqueue. */
class Producer {
  enqueued = 0;
  kept = 0;
  isOver = false;
  readonly #chaos: Chaos;

  constructor(chaos: Chaos) {
    this.#chaos = chaos;
  }

  async run(): Promise<void> {
    const { ledger, random } = this.#chaos;
    const end = performance.now() + GIVE_UP_MS;
    // Each account more than once: a lock must have been released.
    while (!this.isOver || (this.enqueued < ENOUGH && performance.now() < end)) {
      const id = await ledger.announce();
      const args = [id, random.integer(1, ACCOUNTS), random.integer(0, 30)];
      const unique = { by: (_id: number, account: number) => account, ttl: TTL_S };
      const { status } = await enqueue({ queue: random.pick(QUEUES), class: 'Account', args, unique });
      if (status === 'enqueued') {
        this.enqueued++;
        await ledger.confirm();
      } else {
        this.kept++;
        await ledger.withdraw();
      }
      await sleep(EVERY_MS);
    }
  }
}
