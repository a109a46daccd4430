/** Processes die at any moment: the promise that everything else is built on. */
import { Killer } from '../harness/killer.js';
import { NAMESPACE } from '../harness/names.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

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
