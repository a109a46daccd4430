/** Jobs that enqueue jobs and go on running: what they pushed must start although no other push wakes the worker. */
import { busyPids } from '../harness/busy.js';
import type { Chaos } from '../harness/chaos.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

/** Enough for every job that waits, and for what it waits for. */
const SLOTS = '-concurrency=1000';

/** Longer than a parent waits for its child: only a wake-up starts it in time. */
const INTERVAL = '-interval=60';

export const enqueue: Scenario = {
  name: 'enqueue',
  about: 'jobs that enqueue others and wait until these have begun, with -interval=60, while processes are killed',
  async run(chaos) {
    await chaos.startRedis();
    // One alone: another would be woken, and hide it.
    const daemon = chaos.daemon([INTERVAL, SLOTS, ...(chaos.random.chance(0.5) ? ['-connections=1'] : [])]);
    const link = chaos.link();
    const make = (random: Random) => ({ class: 'Parent', args: [random.integer(0, 50)] });
    const [jobs, forMs] = [chaos.jobs(800, 150), chaos.short ? 1000 : 20_000];
    await chaos.storm({ jobs, everyMs: chaos.short ? 400 : 1000, forMs, make }, async () => {
      const victims = [...(await busyPids(link))];
      if (victims.length === 0) return false;
      daemon.signal('SIGKILL', [chaos.random.pick(victims)]);
      return true;
    });
    checkChildren(chaos);
  },
};

function checkChildren(chaos: Chaos): void {
  chaos.check((chaos.sampler.last?.announced ?? 0) > 0, 'no job enqueued another: the scenario shows nothing');
}
