/** A slot that moves between nodes while the engine works: a running script must not end halfway. */
import { expect, onTestFinished, test } from 'vitest';
import { parseQueues } from '../../../src/config/queues.js';
import { Engine } from '../../../src/engine/engine.js';
import { EngineEvents } from '../../../src/engine/events.js';
import type { Perform } from '../../../src/engine/interfaces.js';
import { connect } from '../../../src/redis/connect.js';
import { slotOf } from '../../../src/redis/slot.js';
import { RedisJobStore } from '../../../src/resque/store.js';
import { moveSlot, startCluster } from '../../support/cluster.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { testWorkerId } from '../../support/store.js';
import { until } from '../../support/until.js';

const NAMESPACE = '{resque}:';

test('a slot that moves under load: the engine waits, goes on there, and nothing is lost or done twice', async () => {
  const cluster = await startCluster(slotOf('resque'));
  onTestFinished(() => cluster.stop());
  const [owner, other] = cluster.masters;
  const ran = new Map<string, number>();
  const told: string[] = [];
  const { engine } = await startEngine(cluster.uri, told, async (run) => {
    const key = run.claim.payload.toString();
    ran.set(key, (ran.get(key) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 2));
  });
  await owner.client.sAdd(
    `${NAMESPACE}workers`,
    Array.from({ length: 10 }, (_, slot) => testWorkerId(slot)),
  );
  // All keys that a call declares are there, so that these would not keep it out while the slot moves.
  await owner.client.set(`${NAMESPACE}pause-all-workers`, 'false');
  const payloads = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ class: 'J', args: [n] }));
  await owner.client.multi().sAdd(`${NAMESPACE}queues`, 'q').rPush(`${NAMESPACE}queue:q`, payloads).exec();
  await until(() => ran.size > 500);
  await moveSlot(owner.port as number, other.port as number, slotOf('resque'), async () => {
    await until(() => told.length > 0, { what: 'no call is let in' });
  });
  await until(async () => (await countJobs(other.client, NAMESPACE)).processed === 5000, { timeoutMs: 20_000 });
  await assertConserved(other.client, 5000, NAMESPACE);
  expect([...ran.values()].every((times) => times === 1)).toBe(true);
  expect(told).toEqual([expect.stringMatching(/^(TRYAGAIN|ASK)/)]);
  await engine.stop();
}, 50_000);

async function startEngine(uri: string, told: string[], perform: Perform): Promise<{ engine: Engine }> {
  let engine: Engine | undefined;
  const hooks = {
    onReady: () => engine?.reconnected(),
    onInvalidate: (key: string | null) => engine?.changed(key),
    watch: true,
  };
  const connection = await connect({ uri, namespace: NAMESPACE, name: 'test', silenceMs: 0 }, uri, hooks);
  onTestFinished(() => connection.close());
  // A pattern: the set of queues moves too.
  const { plan } = parseQueues('q*');
  const store = new RedisJobStore(connection, {
    namespace: NAMESPACE,
    plan,
    workerId: testWorkerId,
    nonce: 'n',
    onNewQueues: () => engine?.queuesAdded(),
  });
  const events = new EngineEvents(() => {}).on('outage', (error) => told.push(error.message));
  engine = new Engine({
    store,
    perform,
    events,
    concurrency: 10,
    intervalMs: 200,
    pushes: true,
    exitOnComplete: false,
  });
  await engine.start();
  return { engine };
}
