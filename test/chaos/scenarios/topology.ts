/** The master is lost and a replica takes over. Every claim and result is on a replica before it counts (-wait-replicas). */
import { slotOf } from '../../../src/redis/slot.js';
import { startCluster } from '../../support/cluster.js';
import type { TestRedis } from '../../support/redis.js';
import { startSentinels } from '../../support/topology.js';
import { until } from '../../support/until.js';
import type { Chaos } from '../harness/chaos.js';
import { NAMESPACE } from '../harness/names.js';
import type { Random } from '../harness/random.js';
import type { Scenario } from '../harness/scenario.js';

interface Group {
  readonly uri: string;
  readonly master: TestRedis;
  readonly replica: TestRedis;
  /** Where the others say that the data is. */
  masterPort(): Promise<number>;
}

async function failOver(chaos: Chaos, { uri, master, replica, masterPort }: Group): Promise<void> {
  chaos.use(master, { uri, replicas: 1 });
  chaos.fleet(2, '-wait-replicas=1');
  const make = (random: Random) => ({ class: 'Work', args: [random.integer(0, 100)] });
  await chaos.storm({ jobs: chaos.jobs(3000, 400), everyMs: 0, forMs: 1, make }, async () => {
    await master.kill();
    const taken = async () => (await masterPort()) === replica.port;
    await until(taken, { what: 'the replica has taken over', timeoutMs: 30_000 });
    chaos.use(replica);
    // As its service manager does it: it becomes the replica that is waited for.
    await master.start();
  });
}

export const sentinel: Scenario = {
  name: 'sentinel',
  about: 'the master is killed and the Sentinels make its replica the master, with -wait-replicas=1',
  async run(chaos) {
    const group = await startSentinels();
    chaos.onEnd(() => group.stop());
    await failOver(chaos, group);
  },
};

export const cluster: Scenario = {
  name: 'cluster',
  about: 'the node of a Cluster that has our slot is lost, with -wait-replicas=1',
  async run(chaos) {
    const group = await startCluster(slotOf(NAMESPACE.slice(1, -2)));
    chaos.onEnd(() => group.stop());
    const { uri, masters, replica, ownerPort } = group;
    await failOver(chaos, { uri, master: masters[0], replica, masterPort: ownerPort });
  },
};
