/** Processes die at any moment: the promise that everything else is built on. */
import { busyPids } from '../harness/busy.js';
import type { Chaos } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Link } from '../harness/link.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

export const kill: Scenario = {
  name: 'kill',
  about: '4 daemons, a SIGKILL to a random child or supervisor every 100 ms',
  async run(chaos) {
    const jobs = chaos.jobs(20_000, 800);
    await chaos.startRedis();
    const fleet = chaos.short ? chaos.fleet(2) : chaos.fleet(4, '-processes=2');
    const link = chaos.link();
    const make = (random: Random) => ({ class: 'Work', args: [random.integer(0, 200)] });
    const forMs = chaos.short ? 3000 : 90_000;
    await chaos.storm({ jobs, everyMs: 100, forMs, make }, () => killOne(chaos, fleet, link));
  },
};

/**
 * Mostly one that has jobs in hand: on two cores, processes that were killed at any time would hardly ever come to work,
 * and nothing would be shown. Where none has, this turn is left out.
 */
async function killOne(chaos: Chaos, fleet: readonly Daemon[], link: Link): Promise<void> {
  const busy = await busyPids(link);
  const anyTime = chaos.random.chance(0.05);
  const victims = fleet.flatMap((daemon) => {
    const children = daemon.children().filter((pid) => anyTime || busy.has(pid));
    return children.length > 0 ? [daemon.supervisor, ...children] : [];
  });
  if (victims.length === 0) chaos.hits -= 1;
  else fleet[0].signal('SIGKILL', [chaos.random.pick(victims)]);
}
