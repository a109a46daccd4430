/** How a worker process is registered, by itself or by its supervisor, and unregisters completely. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { OpenedConnection } from '../../../src/redis/connection.js';
import { Heartbeat } from '../../../src/registry/heartbeat/heartbeat.js';
import type { HeartbeatMessage } from '../../../src/registry/heartbeat-options.js';
import { type Identity, workerId } from '../../../src/registry/identity.js';
import { OwnMembership, SupervisedMembership } from '../../../src/registry/membership/membership.js';
import { register } from '../../../src/registry/register.js';
import { leftoverKeys } from '../../support/conservation.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
let connection: OpenedConnection;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});

const WANTED: Identity = { namespace: 'resque:', label: 'm.ts', pid: 1, queues: 'q', concurrency: 2 };
const TIMES = { heartbeatMs: 20, pruneAfterMs: 300_000, forcePrune: false };
const workers = () => redis.client.sCard('resque:workers');

describe('by itself', () => {
  function own() {
    const told: (HeartbeatMessage | { readonly kind: string })[] = [];
    const tell = (message: { readonly kind: string }) => void told.push(message);
    const membership = new OwnMembership({
      wanted: WANTED,
      heartbeat: TIMES,
      tell,
      onOrder: () => {},
      thread: undefined,
    });
    onTestFinished(async () => void (await membership.leave(connection)));
    return { membership, beats: () => told.filter(({ kind }) => kind === 'beat').length };
  }

  test('it is registered and beats before claims may begin, and leaves nothing', async () => {
    const { membership, beats } = own();
    expect(await membership.enter(connection)).toEqual({ ...WANTED, startedMs: expect.any(Number) });
    expect(await workers()).toBe(2);
    expect(beats()).toBeGreaterThan(0);
    await until(() => beats() > 2);
    expect(await membership.leave(connection)).toBe(0);
    expect(await leftoverKeys(redis.client)).toEqual([]);
  });

  test('a beat under way does not register again who has left: 30 times', async () => {
    for (let n = 0; n < 30; n++) {
      const { membership } = own();
      await membership.enter(connection);
      await membership.leave(connection);
      expect(await leftoverKeys(redis.client)).toEqual([]);
    }
  });

  test('who leaves with a job stays registered for it', async () => {
    const { membership } = own();
    await membership.enter(connection);
    await redis.client.set(`resque:worker:${workerId(WANTED, 1)}`, '{"token":"x"}');
    expect(await membership.leave(connection)).toBe(1);
    expect(await workers()).toBe(1);
    await redis.client.del(`resque:worker:${workerId(WANTED, 1)}`);
  });

  test('two with one name never share an id', async () => {
    const [one, other] = [own(), own()];
    const identities = await Promise.all([one.membership.enter(connection), other.membership.enter(connection)]);
    expect(identities.map(({ label }) => label).sort()).toEqual(['m.ts', 'm.ts.2']);
  });
});

describe('by its supervisor', () => {
  function supervised(registered: Promise<Identity>) {
    let beats = 0;
    const membership = new SupervisedMembership(
      registered,
      (over, identity) => new Heartbeat(over, { ...TIMES, identity }, ({ kind }) => void (kind === 'beat' && beats++)),
    );
    onTestFinished(async () => void (await membership.leave(connection)));
    return { membership, beats: () => beats };
  }

  test('it waits for that, and does not beat nor unregister', async () => {
    const { membership, beats } = supervised(register(connection, WANTED));
    expect(await membership.enter(connection)).toEqual(WANTED);
    expect(await membership.leave(connection)).toBe(0);
    expect(beats()).toBe(0);
    expect(await workers()).toBe(2);
  });

  test.each(['before', 'after'])(
    'when the supervisor is gone, %s it began to work, it beats and unregisters by itself',
    async (when) => {
      const { membership, beats } = supervised(register(connection, WANTED));
      if (when === 'before') membership.orphan();
      await membership.enter(connection);
      if (when === 'after') membership.orphan();
      await until(() => beats() > 1);
      expect(await membership.leave(connection)).toBe(0);
      expect(await leftoverKeys(redis.client)).toEqual([]);
    },
  );

  test('a registration that failed fails it', async () => {
    const { membership } = supervised(Promise.reject(new Error('stopped early')));
    await expect(membership.enter(connection)).rejects.toThrow('stopped early');
  });
});
