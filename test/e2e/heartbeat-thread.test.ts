/** The heartbeat in its own thread, from the built dist, since a thread loads a file. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { ThreadedHeartbeat } from '../../src/registry/heartbeat/threaded.js';
import type { HeartbeatMessage } from '../../src/registry/heartbeat-options.js';
import type { Identity } from '../../src/registry/identity.js';
import { register, unregister } from '../../src/registry/register.js';
import { leftoverKeys } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

const WANTED: Identity = { namespace: 'resque:', label: 't.ts', pid: 1, queues: 'q', concurrency: 2 };

function threaded(identity: Identity) {
  const told: { readonly kind: string }[] = [];
  const heartbeat = new ThreadedHeartbeat(
    {
      connect: { uri: redis.uri, name: 'heartbeat', silenceMs: 0 },
      shownUri: 'it',
      heartbeat: { identity, heartbeatMs: 20, pruneAfterMs: 300_000, forcePrune: false },
      scheduler: undefined,
    },
    (message: HeartbeatMessage | { readonly kind: string }) => void told.push(message),
  );
  onTestFinished(() => heartbeat.stop());
  return { heartbeat, told };
}

const lastBeat = async () => Number((await redis.client.get('resque:tsworker:beats'))?.split(' ')[1] ?? 0);

test('beats while our event loop is blocked', async () => {
  const connection = await testConnection(redis.uri);
  const { heartbeat, told } = threaded(await register(connection, WANTED));
  await heartbeat.start();
  await until(() => told.some(({ kind }) => kind === 'beat'));
  const from = Date.now();
  while (Date.now() - from < 500);
  expect(await lastBeat()).toBeGreaterThan(from + 100);
});

test('nothing is written after it was stopped, at whatever moment: 10 times', async () => {
  const connection = await testConnection(redis.uri);
  for (let n = 0; n < 10; n++) {
    const identity = await register(connection, WANTED);
    const { heartbeat, told } = threaded(identity);
    await heartbeat.start();
    // Early on it is still loading, later it connects, and beats then.
    if (n > 3) await until(() => told.length >= n - 4);
    await heartbeat.stop();
    await unregister(connection, identity);
    expect(await leftoverKeys(redis.client)).toEqual([]);
  }
});

test('it may be started again, and a second start or stop does nothing', async () => {
  const connection = await testConnection(redis.uri);
  const { heartbeat, told } = threaded(await register(connection, WANTED));
  await heartbeat.start();
  await heartbeat.start();
  await until(() => told.some(({ kind }) => kind === 'beat'));
  await heartbeat.stop();
  await heartbeat.stop();
  told.length = 0;
  await heartbeat.start();
  await until(() => told.some(({ kind }) => kind === 'beat'));
});
