/** Redis is there and says no: full, read-only, or busy with somebody's script. Then it says yes again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chaos } from '../harness/chaos.js';
import type { Scenario } from '../harness/scenario.js';

/** Turns something on for a random while, up to longer than a heartbeat is good for, and off again. */
async function forAWhile(chaos: Chaos, on: string[], off: string[]): Promise<void> {
  const { client } = chaos.redis;
  const ms = chaos.random.integer(50, chaos.short ? 500 : 2500);
  await client.sendCommand(on);
  await sleep(ms);
  await client.sendCommand(off);
}

async function refuse(chaos: Chaos, word: string, on: string[], off: string[]): Promise<void> {
  await chaos.startRedis();
  chaos.fleet(2);
  const [jobs, forMs] = [chaos.jobs(5000, 300), chaos.short ? 1000 : 25_000];
  await chaos.storm({ jobs, everyMs: 600, forMs }, () => forAWhile(chaos, on, off));
  chaos.checkRefused(word);
}

export const memory: Scenario = {
  name: 'memory',
  about: 'maxmemory reached, and lifted: OOM replies',
  run: (chaos) => refuse(chaos, 'OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
};

export const readOnly: Scenario = {
  name: 'read-only',
  about: 'Redis is a read-only replica for a while',
  run: (chaos) => refuse(chaos, 'READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']),
};

/** Bounded by itself, should nobody kill it. */
const LOOP = 'for n = 1, 2e9 do end';

export const busy: Scenario = {
  name: 'busy',
  about: 'somebody runs a script that does not end: BUSY replies, until SCRIPT KILL',
  async run(chaos) {
    const { client } = await chaos.startRedis(['--lua-time-limit', '30']);
    chaos.fleet(2);
    const [jobs, forMs] = [chaos.jobs(5000, 300), chaos.short ? 1500 : 25_000];
    const somebody = await client.duplicate().connect();
    chaos.onEnd(() => somebody.destroy());
    await chaos.storm({ jobs, everyMs: 600, forMs }, async () => {
      const loop = somebody.eval(LOOP).catch(() => {});
      await sleep(chaos.random.integer(100, chaos.short ? 500 : 1900));
      await client.sendCommand(['SCRIPT', 'KILL']).catch(() => {});
      await loop;
    });
    chaos.checkRefused('BUSY');
  },
};
