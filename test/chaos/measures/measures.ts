/** How soon work goes on after something broke. On a machine that does nothing else: others' load is measured too. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.js';
import { readBusy } from '../harness/busy.js';
import { Chaos, PERSISTENT } from '../harness/chaos.js';
import { NAMESPACE } from '../harness/names.js';
import type { Measure } from './all.js';

const TIMES = 20;
/** The intervals that a daemon has unless told: nothing is found by a heartbeat within a minute. */
const DEFAULTS = ['-heartbeat=60', '-prune-after=300'];
const OUTAGE_MS = 30_000;

/** Each time with a fresh Redis and fresh daemons. */
async function repeated(times: number, measure: (chaos: Chaos) => Promise<number>, redis: readonly string[] = []) {
  const figures: number[] = [];
  for (let n = 0; n < times; n++) {
    const chaos = await Chaos.start({ name: 'measure', seed: n, jobs: undefined, short: false });
    try {
      await chaos.startRedis(redis);
      figures.push(await measure(chaos));
    } finally {
      await chaos.end();
    }
  }
  return figures;
}

async function registered(chaos: Chaos, count: number): Promise<void> {
  const workers = `${NAMESPACE}workers`;
  await until(async () => (await chaos.redis.client.sCard(workers)) === count, { what: `${count} are registered` });
}

async function startLongJob(chaos: Chaos): Promise<number> {
  const [id] = await chaos.enqueuer.push([{ class: 'LongOnce', args: [] }]);
  await until(async () => (await chaos.ledger.runsOf(id)) === 1, { what: 'the job runs' });
  return id;
}

/** From the kill until the job begins again. */
async function untilAgain(chaos: Chaos, id: number, kill: () => void): Promise<number> {
  const killedAt = performance.now();
  kill();
  await until(async () => (await chaos.ledger.runsOf(id)) === 2, { what: 'the job runs again', everyMs: 1 });
  return performance.now() - killedAt;
}

/** The child that runs the job, among so many. */
async function killChild(chaos: Chaos, processes: number): Promise<number> {
  const daemon = chaos.daemon([...DEFAULTS, `-processes=${processes}`]);
  await registered(chaos, 25);
  const id = await startLongJob(chaos);
  const victims = [...(await readBusy(chaos.redis.client))];
  return await untilAgain(chaos, id, () => daemon.signal('SIGKILL', victims));
}

export const childKilled: Measure = {
  name: 'child-killed',
  about: 'the only child is killed, until its job runs again in the next one',
  run: () => repeated(TIMES, (chaos) => killChild(chaos, 1)),
};

export const childKilledAmongTwo: Measure = {
  name: 'child-killed-2',
  about: 'one of two children is killed, until its job runs again',
  run: () => repeated(TIMES, (chaos) => killChild(chaos, 2)),
};

export const machineLost: Measure = {
  name: 'machine-lost',
  about: 'all of a machine is killed, until its job runs elsewhere (-heartbeat=0.3 -prune-after=1.5, whole seconds)',
  run: () =>
    repeated(TIMES, async (chaos) => {
      const lost = chaos.daemon(['-label=lost.ts']);
      const id = await startLongJob(chaos);
      chaos.daemon(['-label=other.ts']);
      await registered(chaos, 50);
      // Begins to look for the dead on its own machine before that, once.
      await sleep(1000);
      return await untilAgain(chaos, id, () => lost.destroy());
    }),
};

export const redisAway: Measure = {
  name: 'redis-away',
  about: 'Redis is away for 30 s under load, until the next job has been done after it answers again',
  run: () =>
    repeated(
      3,
      async (chaos) => {
        chaos.fleet(2);
        await chaos.enqueuer.push(Array.from({ length: 20_000 }, () => ({ class: 'Work', args: [50] })));
        await chaos.counted(({ processed }) => processed > 1000, 'work is under way');
        await chaos.redis.kill();
        await sleep(OUTAGE_MS);
        const before = await chaos.ledger.done();
        await chaos.redis.start();
        const backAt = performance.now();
        await until(async () => (await chaos.ledger.done()) > before, { what: 'a job is done', everyMs: 1 });
        const ms = performance.now() - backAt;
        if (chaos.daemons.some((daemon) => daemon.starts > 1)) throw new Error('a daemon was started again');
        return ms;
      },
      PERSISTENT,
    ),
};
