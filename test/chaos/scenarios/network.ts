/** The network between daemon and Redis: slow, cut, silent, and losing the one reply that matters. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisProxy, startProxy } from '../../support/proxy.js';
import { portOf } from '../../support/topology.js';
import type { Chaos } from '../harness/chaos.js';
import type { Scenario } from '../harness/scenario.js';

/** A finish names the record's token; a claim without finishes names none. */
const isFinish = (request: Buffer) => request.includes('EVALSHA') && request.includes('{"token":"');
const isClaim = (request: Buffer) => request.includes('EVALSHA') && !request.includes('{"token":"');

/** One network for each of two daemons: what one does not say, the other hears of. */
async function startNetworks(chaos: Chaos): Promise<RedisProxy[]> {
  const redis = await chaos.startRedis();
  const proxies = [await startProxy({ port: portOf(redis) }), await startProxy({ port: portOf(redis) })];
  for (const proxy of proxies) {
    chaos.onEnd(() => proxy.close());
    chaos.use(redis, { uri: proxy.uri });
    chaos.daemon([`-label=net${proxies.indexOf(proxy)}.ts`]);
  }
  return proxies;
}

/** With a cut: a reply must not overtake another. */
function slowDown(proxy: RedisProxy, delayMs: number): void {
  proxy.delayMs = delayMs;
  proxy.cut();
}

export const network: Scenario = {
  name: 'network',
  about: 'a network that delays, cuts before a request, and loses the replies of claims and finishes',
  async run(chaos) {
    const proxies = await startNetworks(chaos);
    let lostReplies = 0;
    const lost = () => {
      lostReplies += 1;
    };
    const [jobs, forMs] = [chaos.jobs(5000, 400), chaos.short ? 3000 : 30_000];
    const tricks: ((proxy: RedisProxy) => unknown)[] = [
      (proxy) => proxy.cut(),
      (proxy) => slowDown(proxy, chaos.random.integer(0, 40)),
      (proxy) => void proxy.cutBefore(isClaim),
      (proxy) => void proxy.cutBefore(isFinish),
      (proxy) => void proxy.loseReply(isClaim).then(lost),
      (proxy) => void proxy.loseReply(isFinish).then(lost),
    ];
    await chaos.storm({ jobs, everyMs: 100, forMs }, () => chaos.random.pick(tricks)(chaos.random.pick(proxies)));
    chaos.check(lostReplies > 0, 'no reply was lost: the scenario shows nothing');
    for (const proxy of proxies) proxy.delayMs = 0;
  },
};

export const blackHole: Scenario = {
  name: 'black-hole',
  about: 'a network that swallows everything for 10 s, longer than a heartbeat is good for, then lets it pass',
  async run(chaos) {
    const proxies = await startNetworks(chaos);
    const [jobs, times] = [chaos.jobs(3000, 300), chaos.short ? 1 : 3];
    const make = () => ({ class: 'Work', args: [chaos.random.integer(0, 200)] });
    await chaos.storm({ jobs, everyMs: 500, forMs: 60_000, times, make }, async () => {
      const proxy = chaos.random.pick(proxies);
      proxy.blackHole(true);
      await sleep(chaos.short ? 2700 : 10_000);
      proxy.blackHole(false);
    });
  },
};
