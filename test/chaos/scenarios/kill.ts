/** Processes die at any moment: the promise that everything else is built on. */
import { busyPids } from '../harness/busy.js';
import type { Chaos } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Link } from '../harness/link.js';
import { NAMESPACE } from '../harness/names.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

/** Without a job done for so long nobody is killed, until one is. */
const STILL_MS = 1000;

export const kill: Scenario = {
  name: 'kill',
  about: '4 daemons, a SIGKILL to a random child or supervisor every 100 ms, as long as work goes on at all',
  async run(chaos) {
    const jobs = chaos.jobs(20_000, 800);
    await chaos.startRedis();
    const fleet = chaos.short ? chaos.fleet(2) : chaos.fleet(4, '-processes=2');
    const killer = new Killer(chaos, fleet, chaos.link());
    const make = (random: Random) => ({ class: 'Work', args: [random.integer(0, 200)] });
    const [forMs, atLeast] = chaos.short ? [2000, 5] : [90_000, 100];
    await chaos.storm({ jobs, everyMs: 100, forMs, make, atLeast }, () => killer.killOne());
  },
};

export const retry: Scenario = {
  name: 'retry',
  about: '4 daemons, jobs that fail twice each, a SIGKILL to a random child or supervisor every 100 ms',
  async run(chaos) {
    const jobs = chaos.jobs(20_000, 600);
    await chaos.startRedis();
    const fleet = chaos.short ? chaos.fleet(2) : chaos.fleet(4, '-processes=2');
    const killer = new Killer(chaos, fleet, chaos.link());
    const make = (random: Random) => ({ class: 'FailTwice', args: [random.integer(0, 100)] });
    const [forMs, atLeast] = chaos.short ? [2000, 5] : [90_000, 100];
    await chaos.storm({ jobs, everyMs: 100, forMs, make, atLeast }, () => killer.killOne());
    await chaos.rest();
    const { retried } = await chaos.redis.client.hGetAll(`${NAMESPACE}tsworker:stat`);
    chaos.check(Number(retried) >= 2 * jobs, `only ${retried} runs failed, of ${jobs} jobs that each fail twice`);
  },
};

/**
 * A new daemon takes a second of a core until it works. On few cores kills without end would leave nothing but processes
 * that start, and show nothing: so the killer waits for a job to be done where none was for a while.
 */
export class Killer {
  readonly #chaos: Chaos;
  readonly #fleet: readonly Daemon[];
  readonly #link: Link;
  #done = 0;
  #doneAt = 0;

  constructor(chaos: Chaos, fleet: readonly Daemon[], link: Link) {
    this.#chaos = chaos;
    this.#fleet = fleet;
    this.#link = link;
  }

  /** @returns false where it waits */
  async killOne(): Promise<boolean> {
    if (!this.#workGoesOn()) return false;
    const victims = await this.#victims();
    if (victims.length === 0) return false;
    this.#fleet[0].signal('SIGKILL', [this.#chaos.random.pick(victims)]);
    return true;
  }

  #workGoesOn(): boolean {
    const counts = this.#chaos.sampler.last?.counts;
    const done = (counts?.processed ?? 0) + (counts?.failed ?? 0);
    if (done > this.#done) [this.#done, this.#doneAt] = [done, performance.now()];
    return performance.now() - this.#doneAt < STILL_MS;
  }

  /** Half of the time one that has jobs in hand, or its supervisor; else any, also one that starts or leaves. */
  async #victims(): Promise<number[]> {
    const all = this.#fleet.flatMap((daemon) => daemon.processes());
    if (this.#chaos.random.chance(0.5)) return all;
    const busy = await busyPids(this.#link);
    const working = this.#fleet.flatMap((daemon) => {
      const children = daemon.children().filter((pid) => busy.has(pid));
      return children.length > 0 ? [daemon.supervisor, ...children] : [];
    });
    return working.length > 0 ? working : all;
  }
}
