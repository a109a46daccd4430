/** The published state of a process, and its readers, on a real Redis. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../src/redis/connection.js';
import type { Identity } from '../../src/registry/identity.js';
import { readProcessStates, WORKING, writeProcessState } from '../../src/registry/processes/process-state.js';
import { hideProcesses } from '../../src/registry/processes/processes.js';
import { createKeys } from '../../src/resque/keys.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});

const ONE: Identity = { namespace: 'resque:', label: 'host.ts', pid: 1, queues: 'q', concurrency: 3 };
const KEY = 'resque:tsworker:states';
const MINUTE = 60_000;

const read = () => readProcessStates(connection, createKeys('resque:'));
const serverMs = async () => Number(((await redis.client.sendCommand(['TIME'])) as unknown as string[])[0]) * 1000;

test('each state is read as it was written, by the name of the process', async () => {
  await writeProcessState(connection, ONE, { paused: true, draining: false }, MINUTE);
  const reload = { replaced: 1, total: 2 };
  await writeProcessState(connection, { ...ONE, pid: 2 }, { ...WORKING, draining: true, reload }, MINUTE);
  await writeProcessState(connection, { ...ONE, pid: 3 }, { ...WORKING, blockedForMs: 5000 }, MINUTE);
  const states = await read();
  expect(states.get('host.ts:1')).toEqual({ paused: true, draining: false });
  expect(states.get('host.ts:2')).toEqual({ paused: false, draining: true, reload });
  const { blockedSince, ...rest } = states.get('host.ts:3') ?? WORKING;
  expect(rest).toEqual(WORKING);
  // By Redis' clock, whatever ours says.
  expect(Math.abs((blockedSince ?? 0) - ((await serverMs()) - 5000))).toBeLessThan(MINUTE);
});

test('a process with nothing to say has no entry, also when it had one', async () => {
  await writeProcessState(connection, ONE, { paused: true, draining: false }, MINUTE);
  await writeProcessState(connection, ONE, WORKING, MINUTE);
  expect(await read()).toEqual(new Map());
  expect(await redis.client.exists(KEY)).toBe(0);
});

test('what nobody says again is not believed, and goes with its process', async () => {
  await writeProcessState(connection, ONE, { paused: true, draining: false }, 1);
  expect(await redis.client.hExists(KEY, 'host.ts:1')).toBe(1);
  await until(async () => (await read()).size === 0);
  await hideProcesses(connection, ONE, ['host.ts:1']);
  expect(await redis.client.exists(KEY)).toBe(0);
});

test('whatever stands there, reading gives states or nothing', async () => {
  const some = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ until: fc.anything(), paused: fc.anything(), blockedSince: fc.anything(), reload: fc.anything() })
      .map((entry) => JSON.stringify({ ...entry, until: 9_999_999_999 }) ?? ''),
  );
  await fc.assert(
    fc.asyncProperty(some, async (text) => {
      await redis.client.hSet(KEY, 'x:1', text);
      for (const state of (await read()).values()) {
        expect(typeof state.paused).toBe('boolean');
        expect(typeof state.draining).toBe('boolean');
        expect(['number', 'undefined']).toContain(typeof state.blockedSince);
        expect(['number', 'undefined']).toContain(typeof state.reload?.total);
      }
    }),
  );
});
