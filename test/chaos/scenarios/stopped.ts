/** Everything stands still for a while, as with a suspended machine, and goes on: nobody may draw conclusions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from '../../support/proxy.js';
import { portOf } from '../../support/topology.js';
import { until } from '../../support/until.js';
import { busyPids, isBusy } from '../harness/busy.js';
import type { Scenario } from '../harness/scenario.js';

/** Beyond -timeout and what the watch for blocked children adds to it. */
const TIMEOUT_S = 2;
const PAUSE_MS = TIMEOUT_S * 1000 + 6500;

export const pausedGroup: Scenario = {
  name: 'paused-group',
  about: 'SIGSTOP of supervisor and children together, longer than -timeout allows a job; then SIGCONT',
  async run(chaos) {
    await chaos.startRedis();
    const daemon = chaos.daemon([`-timeout=${TIMEOUT_S}`, '-processes=2']);
    const link = chaos.link();
    const make = () => ({ class: 'Work', args: [chaos.random.integer(50, 300)] });
    const [jobs, times] = [chaos.jobs(2000, 300), chaos.short ? 1 : 4];
    await chaos.storm({ jobs, everyMs: 300, forMs: 120_000, times, make }, async () => {
      await until(async () => isBusy(daemon, await busyPids(link)), { what: 'jobs run', timeoutMs: 30_000 });
      const [pids, before] = [daemon.processes(), daemon.children()];
      daemon.signal('SIGSTOP', pids);
      await sleep(PAUSE_MS);
      daemon.signal('SIGCONT', pids);
      await sleep(1500);
      const killed = before.filter((pid) => !daemon.children().includes(pid));
      chaos.check(killed.length === 0, `${killed.length} healthy children were killed after a pause`);
      return true;
    });
  },
};

export const frozenRedis: Scenario = {
  name: 'frozen-redis',
  about: 'Redis accepts connections and does not answer (SIGSTOP) while workers run, start and are told to stop',
  async run(chaos) {
    const redis = await chaos.startRedis();
    const fleet = chaos.fleet(2, '-grace=1');
    const make = () => ({ class: 'Work', args: [chaos.random.integer(0, 200)] });
    const [jobs, times] = [chaos.jobs(3000, 300), chaos.short ? 1 : 8];
    await chaos.storm({ jobs, everyMs: 500, forMs: 120_000, times, make }, async () => {
      redis.pause();
      try {
        // It ends within its grace and ten seconds, and is started again against the same frozen Redis.
        const starts = fleet[0].starts;
        fleet[0].signal('SIGTERM');
        const deadline = performance.now() + 20_000;
        while (fleet[0].starts === starts && performance.now() < deadline) await sleep(50);
        chaos.check(fleet[0].starts > starts, 'TERM did not end a worker whose Redis is frozen');
        await sleep(chaos.random.integer(0, 1500));
      } finally {
        redis.resume();
      }
    });
  },
};

/** A claim names no token of a finished job. */
const isClaim = (request: Buffer) => request.includes('EVALSHA') && !request.includes('{"token":"');

export const lateClaim: Scenario = {
  name: 'late-claim',
  about: 'a call that claims is held by the network, the connection is cut, and the call arrives after the reconnect',
  async run(chaos) {
    const redis = await chaos.startRedis();
    const proxy = await startProxy({ port: portOf(redis) });
    chaos.onEnd(() => proxy.close());
    chaos.use(redis, { uri: proxy.uri });
    chaos.daemon(['-connections=1', '-interval=0.2']);
    const make = () => ({ class: 'Work', args: [chaos.random.integer(0, 20)] });
    const [jobs, forMs] = [chaos.jobs(2000, 200), chaos.short ? 2000 : 30_000];
    await chaos.storm({ jobs, everyMs: 200, forMs, make, atLeast: chaos.short ? 3 : 20 }, async () => {
      const held = await Promise.race([proxy.holdRequest(isClaim), sleep(2000)]);
      if (held === undefined) return false;
      await sleep(chaos.random.integer(50, 400));
      held.deliver();
      return true;
    });
  },
};
