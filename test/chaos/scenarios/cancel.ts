/** Running jobs are cancelled in every way, while their processes die: each is counted once, as Redis has answered. */
import { randomUUID } from 'node:crypto';
import { CANCEL_AS, type CancelAs, orderText, parseAnswer } from '../../../src/registry/control.js';
import { processOf } from '../../../src/registry/identity.js';
import { createKeys } from '../../../src/resque/keys.js';
import type { TestClient } from '../../support/redis.js';
import type { Chaos } from '../harness/chaos.js';
import { Killer } from '../harness/killer.js';
import type { Link } from '../harness/link.js';
import { NAMESPACE } from '../harness/names.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

const keys = createKeys(NAMESPACE);
/** Beyond what a job gets to react to its signal. */
const DEAF_MS = 2500;
/** Beyond what a supervisor waits for a child that does not answer. */
const BLOCKED_MS = 4000;

export const cancel: Scenario = {
  name: 'cancel',
  about: '4 daemons, a random running job cancelled every 50 ms (fail, discard, requeue), and SIGKILLs among that',
  async run(chaos) {
    const jobs = chaos.jobs(6000, 300);
    await chaos.startRedis();
    const fleet = chaos.short ? chaos.fleet(2) : chaos.fleet(4, '-processes=2');
    const [killer, canceller] = [new Killer(chaos, fleet, chaos.link()), new Canceller(chaos)];
    for (const name of ['Heeds', 'Work', 'Block']) chaos.culprits.add(name);
    const [forMs, atLeast] = chaos.short ? [3000, 20] : [90_000, 300];
    const make = (random: Random) => jobOf(random, chaos.short);
    await chaos.storm({ jobs, everyMs: 50, forMs, make, atLeast }, () =>
      chaos.random.chance(0.05) ? killer.killOne() : canceller.cancelOne(),
    );
    await chaos.rest();
    await canceller.readAnswers();
    for (const result of ['failed', 'discarded', 'requeued'])
      chaos.check(canceller.results.has(result), `no job was ${result}, but only ${[...canceller.results].join(', ')}`);
  },
};

/** Most heed their signal; some are deaf to it, and some block their process. */
function jobOf(random: Random, short: boolean) {
  if (!short && random.chance(0.005)) return { class: 'Block', args: [BLOCKED_MS] };
  if (random.chance(0.01)) return { class: 'Work', args: [DEAF_MS] };
  return { class: 'Heeds', args: [random.integer(20, 300)] };
}

class Canceller {
  /** What orders were answered with. */
  readonly results = new Set<string>();
  readonly #chaos: Chaos;
  readonly #link: Link;
  #unanswered: string[] = [];

  constructor(chaos: Chaos) {
    this.#chaos = chaos;
    this.#link = chaos.link();
  }

  /** @returns false if no job runs, or nobody listens */
  async cancelOne(): Promise<boolean> {
    await this.readAnswers();
    const running = await this.#link.ask(runningJobs).catch(() => []);
    if (running.length === 0) return false;
    const { random, discarded } = this.#chaos;
    const { worker, token, job } = random.pick(running);
    const as: CancelAs = random.pick(CANCEL_AS);
    // Its process may be killed before it has said that it ended.
    if (as === 'discard') discarded.add(job);
    const id = randomUUID();
    const text = orderText({ kind: 'cancel', id, slot: Number(/-(\d+):/.exec(worker)?.[1]), token, as });
    const channel = keys.control(processOf(worker));
    const listeners = await this.#link.ask((client) => client.publish(channel, text)).catch(() => 0);
    if (listeners > 0) this.#unanswered.push(id);
    return listeners > 0;
  }

  async readAnswers(): Promise<void> {
    const asked = this.#unanswered.slice(-100);
    if (asked.length === 0) return;
    const names = asked.map(keys.answer);
    const texts = await this.#link.ask((client) => client.mGet(names)).catch(() => asked.map(() => null));
    for (const text of texts) {
      const answer = text === null ? undefined : parseAnswer(text);
      if (answer !== undefined) this.results.add(answer.result);
    }
    this.#unanswered = asked.filter((_, i) => texts[i] === null);
  }
}

interface Running {
  readonly worker: string;
  readonly token: string;
  /** The id of the job. */
  readonly job: number;
}

async function runningJobs(client: TestClient): Promise<Running[]> {
  const workers = await client.sMembers(keys.workers);
  if (workers.length === 0) return [];
  const records = await client.mGet(workers.map(keys.worker));
  return workers.flatMap((worker, i) => {
    const token = /^\{"token":"([^"]+)"/.exec(records[i] ?? '')?.[1];
    const job = Number(/"args":\[(\d+)/.exec(records[i] ?? '')?.[1]);
    return token === undefined ? [] : [{ worker, token, job }];
  });
}
