/** Recurring jobs: five supervisors, one of which is killed each second, while a job is due each second. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKeys } from '../../../src/resque/keys.js';
import { tempDir } from '../../support/reaper.js';
import { until } from '../../support/until.js';
import { type Chaos, PERSISTENT } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Scenario } from '../harness/scenario.js';

/** Apart from the jobs that the suite counts: nobody works these, so each tick can be looked for. */
const CLOCK = 'clock:';
const keys = createKeys(CLOCK);
const QUEUE = 'ticks';
const EXPIRES_S = 1_000_000;

export const schedule: Scenario = {
  name: 'schedule',
  about: 'five supervisors with a job due each second, one killed each second, every other time the one that leads',
  async run(chaos) {
    await chaos.startRedis(PERSISTENT);
    chaos.fleet(1);
    await chaos.enqueuer.push([{ class: 'Work', args: [0] }]);
    const fleet = Array.from({ length: 5 }, (_, n) => startClock(chaos, n));
    const count = () => chaos.redis.client.lLen(keys.queue(QUEUE)).catch(() => 0);
    await until(async () => (await count()) > 0, { what: 'the first tick', timeoutMs: 30_000 });
    const ticks = chaos.jobs(300, 15);
    while ((await count()) < ticks) {
      const victim = (chaos.random.chance(0.5) ? await leader(chaos, fleet) : undefined) ?? chaos.random.pick(fleet);
      if (victim.alive) {
        victim.signal('SIGKILL');
        chaos.hits++;
      }
      await sleep(1000);
    }
    // The last kill may have hit the leader: what was due meanwhile comes too.
    const reached = await count();
    await until(async () => (await count()) > reached, { what: 'another tick', timeoutMs: 30_000 });
    await Promise.all(fleet.map((daemon) => daemon.stop()));
    await Promise.all(fleet.map((daemon) => daemon.left()));
    await checkTicks(chaos);
    const left = await chaos.redis.client.keys(`${CLOCK}*`);
    if (left.length > 0) await chaos.redis.client.del(left);
  },
};

/** With its expiry each job tells for which tick it was enqueued. */
function startClock(chaos: Chaos, n: number): Daemon {
  const config = join(tempDir('clock'), 'tsworker.config.json');
  const tick = { every: '1s', class: 'Tick', queue: QUEUE, missed: 'all', expiresIn: EXPIRES_S };
  writeFileSync(config, JSON.stringify({ schedule: { tick }, app: 'clock' }));
  const own = [`-namespace=${CLOCK}`, `-config=${config}`, '-queues=nobody', `-label=clock${n}.ts`, '-concurrency=1'];
  return chaos.daemon(own);
}

/** `<label>:<pid>#…` */
async function leader(chaos: Chaos, fleet: readonly Daemon[]): Promise<Daemon | undefined> {
  const name = await chaos.redis.client.get(keys.scheduler).catch(() => null);
  const pid = Number(/:(\d+)#/.exec(name ?? '')?.[1]);
  return fleet.find((daemon) => daemon.supervisor === pid);
}

/** Each second once, in order, from the first to the last. */
async function checkTicks(chaos: Chaos): Promise<void> {
  const payloads = await chaos.redis.client.lRange(keys.queue(QUEUE), 0, -1);
  const seconds = payloads.map((text) => (JSON.parse(text).tsworker.expires_at as number) / 1000 - EXPIRES_S);
  const wrong = seconds.flatMap((second, i) => (i === 0 || second === seconds[i - 1] + 1 ? [] : [i]));
  const shown = wrong.slice(0, 5).map((i) => `${seconds[i - 1]} then ${seconds[i]}`);
  chaos.check(
    wrong.length === 0,
    `not one job for each tick: ${shown.join('; ')} (${wrong.length} of ${seconds.length})`,
  );
  chaos.check(seconds.every(Number.isInteger), 'a tick is no whole second');
}
