/** The Redis store: the same suite as the memory store of the engine's tests. */
import { afterAll, beforeAll } from 'vitest';
import { parseQueues } from '../../src/config/queues.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection } from '../../src/redis/connection.js';
import { RedisJobStore } from '../../src/resque/store.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { NAMESPACE, testWorkerId } from '../support/store.js';
import { describeStore } from '../support/store-conformance.js';

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
  connection = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri, { watch: true });
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

const REGISTERED = `${NAMESPACE}worker:${testWorkerId(0)}:started`;

describeStore('on Redis', async () => {
  await redis.client.flushAll();
  await redis.client.set(REGISTERED, 'now');
  const { plan } = parseQueues(['high', 'low']);
  const options = { namespace: NAMESPACE, plan, workerId: testWorkerId, checkRegistered: true };
  const records = Array.from({ length: 10 }, (_, slot) => `${NAMESPACE}worker:${testWorkerId(slot)}`);
  const list = (queue: string) => `${NAMESPACE}queue:${queue}`;
  return {
    store: new RedisJobStore(connection, { ...options, nonce: 'ours' }),
    other: new RedisJobStore(connection, { ...options, nonce: 'others' }),
    push: async (queue, ...payloads) =>
      void (await redis.client.rPush(
        list(queue),
        payloads.map((one) => Buffer.from(one)),
      )),
    queued: async (queue) => (await connection.send(['LRANGE', list(queue), '0', '-1'], { binary: true })) as Buffer[],
    failed: () => redis.client.lLen(`${NAMESPACE}failed`),
    processed: async () => Number(await redis.client.get(`${NAMESPACE}stat:processed`)),
    records: () => redis.client.exists(records),
    pause: async (paused) => void (await redis.client.set(`${NAMESPACE}pause-all-workers`, String(paused))),
    register: async (registered) =>
      void (await (registered ? redis.client.set(REGISTERED, 'now') : redis.client.del(REGISTERED))),
  };
});
