/** Processes die at any moment: the promise that everything else is built on. */
import type { Chaos } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Link } from '../harness/link.js';
import { NAMESPACE } from '../harness/names.js';
import type { Scenario } from '../harness/scenario.js';
import { repeat } from '../harness/schedule.js';

const LONG_MS = 90_000;

export const kill: Scenario = {
  name: 'kill',
  about: '4 daemons, a SIGKILL to a random child or supervisor every 100 ms',
  async run(chaos) {
    const jobs = chaos.jobs(20_000, 500);
    await chaos.startRedis();
    const fleet = chaos.fleet(chaos.short ? 2 : 4);
    const enqueued = chaos.enqueue(jobs, (random) => ({ class: 'Work', args: [random.integer(0, 100)] }));
    await chaos.counted((counts) => counts.processed > 0, 'the first job is done');
    const link = chaos.link();
    const forMs = chaos.short ? 4000 : LONG_MS;
    await repeat({ everyMs: 100, forMs, until: () => chaos.isDone(jobs) }, () => killOne(chaos, fleet, link));
    await enqueued;
  },
};

/**
 * Mostly one that is at work: on two cores, processes that were killed at any time would hardly ever come to work, and
 * nothing would be shown. Where none is, this turn is left out.
 */
async function killOne(chaos: Chaos, fleet: readonly Daemon[], link: Link): Promise<void> {
  const registered = await link.ask((client) => client.sMembers(`${NAMESPACE}workers`)).catch(() => []);
  const atWork = new Set(registered.map((id) => Number(/:(\d+)-/.exec(id)?.[1])));
  const anyTime = chaos.random.chance(0.05);
  const victims = fleet.flatMap((daemon) => {
    const children = daemon.children().filter((pid) => anyTime || atWork.has(pid));
    return children.length > 0 ? [daemon.supervisor, ...children] : [];
  });
  if (victims.length === 0) return;
  fleet[0].signal('SIGKILL', [chaos.random.pick(victims)]);
  chaos.hits += 1;
}
