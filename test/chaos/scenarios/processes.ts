/** What happens to processes besides their death: frozen until others take them for dead, told to stop in the middle of work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { busyPids, isBusy } from '../harness/busy.js';
import { type Chaos, PRUNE_AFTER_S } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

/** A heartbeat is a whole second: so long may an expired one look good. */
const FREEZE_MS = PRUNE_AFTER_S * 1000 + 1300;

export const freeze: Scenario = {
  name: 'freeze',
  about: 'SIGSTOP of a daemon, its supervisor or its child, until others take it for dead; then SIGCONT',
  async run(chaos) {
    await chaos.startRedis();
    const fleet = chaos.fleet(chaos.short ? 2 : 3);
    const link = chaos.link();
    const make = (random: Random) => ({ class: 'Work', args: [random.integer(0, 250)] });
    const [jobs, forMs] = [chaos.jobs(4000, 400), chaos.short ? 100 : 30_000];
    await chaos.storm({ jobs, everyMs: 100, forMs, make }, async () => {
      const busy = await busyPids(link);
      const some = fleet.filter((daemon) => isBusy(daemon, busy));
      if (some.length === 0) return false;
      await freezeOne(chaos, chaos.random.pick(some));
      return true;
    });
  },
};

async function freezeOne(chaos: Chaos, daemon: Daemon): Promise<void> {
  const [supervisor, ...children] = daemon.processes();
  // All of them where time is short: only so a job is handed on while its first run has not ended.
  const some = [[supervisor, ...children], [supervisor], children];
  const pids = chaos.short ? some[0] : chaos.random.pick(some);
  daemon.signal('SIGSTOP', pids);
  await sleep(FREEZE_MS + chaos.random.integer(0, 500));
  daemon.signal('SIGCONT', pids);
  // One that comes back to life and dies before it has found its place again.
  if (chaos.short || chaos.random.chance(0.7)) return;
  await sleep(chaos.random.integer(0, 50));
  daemon.signal('SIGKILL', daemon.processes());
}

export const term: Scenario = {
  name: 'term',
  about: 'TERM in the middle of work, with a grace shorter than the jobs; started again',
  async run(chaos) {
    await chaos.startRedis();
    const fleet = chaos.fleet(2, '-grace=0.3');
    const make = (random: Random) => ({ class: 'Work', args: [random.chance(0.1) ? 3000 : random.integer(0, 500)] });
    const [jobs, forMs] = [chaos.jobs(2000, 100), chaos.short ? 1 : 30_000];
    await chaos.storm({ jobs, everyMs: 1200, forMs, make }, () => chaos.random.pick(fleet).signal('SIGTERM'));
  },
};
