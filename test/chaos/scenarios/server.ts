/** Redis itself goes: killed, restarted, still loading, or it forgets what it knew of us. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PERSISTENT } from '../harness/chaos.js';
import type { Scenario } from '../harness/scenario.js';

export const redisKill: Scenario = {
  name: 'redis-kill',
  about: 'Redis killed and started again from its append-only file',
  async run(chaos) {
    const redis = await chaos.startRedis(PERSISTENT);
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(10_000, 500), chaos.short ? 3000 : 30_000];
    await chaos.storm({ jobs, everyMs: 1000, forMs }, async () => {
      await redis.kill();
      await sleep(chaos.random.integer(0, 400));
      await redis.start();
    });
  },
};

export const redisRestart: Scenario = {
  name: 'redis-restart',
  about: 'Redis restarted in order, so that it knows no script and watches no key',
  async run(chaos) {
    const redis = await chaos.startRedis(PERSISTENT);
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(10_000, 300), chaos.short ? 2000 : 30_000];
    await chaos.storm({ jobs, everyMs: 500, forMs }, () => redis.restart('SIGTERM'));
  },
};

export const scriptFlush: Scenario = {
  name: 'script-flush',
  about: 'SCRIPT FLUSH every 10 ms',
  async run(chaos) {
    const { client } = await chaos.startRedis();
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(10_000, 300), chaos.short ? 2000 : 30_000];
    await chaos.storm({ jobs, everyMs: 10, forMs }, () => client.sendCommand(['SCRIPT', 'FLUSH']));
  },
};

export const clientKill: Scenario = {
  name: 'client-kill',
  about: 'CLIENT KILL TYPE normal every 50 ms',
  async run(chaos) {
    const { client } = await chaos.startRedis();
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(5000, 300), chaos.short ? 2000 : 30_000];
    await chaos.storm({ jobs, everyMs: 50, forMs }, () => client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal']));
  },
};

/** Each command of the file takes so long, and at each kilobyte Redis answers that it is loading. */
const SLOW = ['--key-load-delay', '100', '--loading-process-events-interval-bytes', '1024'];

export const loading: Scenario = {
  name: 'loading',
  about: 'Redis restarted, and long at loading its data',
  async run(chaos) {
    const redis = await chaos.startRedis([...PERSISTENT, ...SLOW]);
    const padding = Array.from({ length: 2000 }, (_, n) => [`{resque}:chaos:padding${n}`, 'x'.repeat(100)]);
    await Promise.all(padding.map(([key, text]) => redis.client.set(key, text)));
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(2000, 300), chaos.short ? 1500 : 15_000];
    await chaos.storm({ jobs, everyMs: 1000, forMs }, () => redis.restart('SIGKILL'));
    chaos.checkRefused('LOADING');
    await redis.client.del(padding.map(([key]) => key));
  },
};
