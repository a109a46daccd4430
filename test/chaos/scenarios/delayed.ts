/** Delayed jobs: the process that leads is killed and frozen, Redis is restarted, a scheduler of Ruby's comes and goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.js';
import { type Chaos, PERSISTENT } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import { NAMESPACE } from '../harness/names.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

const RUBY_LOCK = `${NAMESPACE}${NAMESPACE.slice(0, -1)}:resque_scheduler_master_lock`;
/** As long as Ruby's lock is held nothing is promoted: shorter than the jobs are waited for. */
const RUBY_MS = 1500;
const LEASE_MS = 3000;

export const delayed: Scenario = {
  name: 'delayed',
  about:
    'jobs due within 4 s; the leading scheduler killed and frozen, Redis restarted, a Ruby scheduler that takes its lock',
  async run(chaos) {
    await chaos.startRedis(PERSISTENT);
    const fleet = chaos.fleet(3);
    const make = (random: Random) => ({
      class: 'Work',
      args: [random.integer(0, 20)],
      dueInMs: random.integer(1, 4000),
    });
    const [jobs, forMs] = [chaos.jobs(5000, 200), chaos.short ? 3000 : 40_000];
    const faults = [killLeader, freezeLeader, restartRedis, rubyScheduler];
    // The first job is due only after a while: nothing is broken before it is done.
    await chaos.enqueuer.push([{ class: 'Work', args: [0] }]);
    await chaos.storm({ jobs, everyMs: 400, forMs, make, atLeast: 3 }, () => chaos.random.pick(faults)(chaos, fleet));
    await until(async () => (await chaos.redis.client.zCard(`${NAMESPACE}delayed_queue_schedule`)) === 0, {
      what: 'every delayed job has come due and was promoted',
      timeoutMs: 30_000,
    });
    // The lock of the Ruby scheduler may be set after that.
    await until(async () => (await chaos.redis.client.exists(RUBY_LOCK)) === 0);
  },
};

/** `<label>:<pid>#…` */
async function leader(chaos: Chaos): Promise<number | undefined> {
  const name = await chaos.redis.client.get(`${NAMESPACE}tsworker:scheduler`).catch(() => null);
  const pid = /:(\d+)#/.exec(name ?? '')?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function killLeader(chaos: Chaos, fleet: readonly Daemon[]): Promise<boolean> {
  const pid = await leader(chaos);
  if (pid === undefined) return false;
  fleet[0].signal('SIGKILL', [pid]);
  return true;
}

async function freezeLeader(chaos: Chaos, fleet: readonly Daemon[]): Promise<boolean> {
  const pid = await leader(chaos);
  const daemon = fleet.find((one) => one.supervisor === pid);
  if (daemon === undefined) return false;
  daemon.signal('SIGSTOP');
  await sleep(LEASE_MS + chaos.random.integer(0, 1000));
  daemon.signal('SIGCONT');
  return true;
}

async function restartRedis(chaos: Chaos): Promise<void> {
  await chaos.redis.restart('SIGKILL');
}

async function rubyScheduler(chaos: Chaos): Promise<void> {
  await chaos.redis.client.set(RUBY_LOCK, 'ruby1:99', { PX: RUBY_MS });
  await sleep(chaos.random.integer(100, RUBY_MS));
}
