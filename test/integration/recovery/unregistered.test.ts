/** A process that is no longer registered: it claims nothing, and its finished jobs are still acknowledged. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import type { Identity } from '../../../src/registry/identity.js';
import { recoverProcess } from '../../../src/registry/recovery/recover.js';
import { register } from '../../../src/registry/register.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { testEngine } from '../../support/engine.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection, testStore, testWorkerId } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.configResetStat();
  connection = await testConnection(redis.uri);
});

/** The slots of testStore. */
const SLOTS: Identity = { namespace: 'resque:', label: 'test.ts', pid: 1, queues: 'q', concurrency: 5 };
const job = (n: unknown) => JSON.stringify({ class: 'J', args: [n] });

async function push(...payloads: string[]): Promise<void> {
  await redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payloads).exec();
}

async function scriptCalls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

const processed = (n: number) => until(async () => (await countJobs(redis.client)).processed === n);

test('nothing is claimed, since nobody would see whose job it is; what ended is reported all the same', async () => {
  const identity = await register(connection, SLOTS);
  const s = testStore(connection, 'q', 'mine', { checkRegistered: true });
  await push(job(1), job(2));
  const { claims } = await s.ackAndClaim([], [0]);
  await redis.client.del('resque:worker:test.ts:1-0:q:started');
  const out = await s.ackAndClaim([{ claim: claims[0], outcome: { kind: 'done' } }], [0]);
  expect(out).toMatchObject({ settled: [true], claims: [], unregistered: true, paused: false });
  await register(connection, { ...identity, pid: 2 });
  expect((await s.ackAndClaim([], [0])).unregistered).toBe(true);
  await redis.client.set('resque:worker:test.ts:1-0:q:started', 'now');
  expect(await s.ackAndClaim([], [0])).toMatchObject({ claims: [{ slot: 0 }], unregistered: false });
});

test('a claim of the dead that arrives late takes nothing', async () => {
  await register(connection, SLOTS);
  await push(job(1));
  await recoverProcess(connection, SLOTS, {});
  const late = testStore(connection, 'q', 'dead', { checkRegistered: true });
  await late.ackAndClaim([], [0, 1, 2]);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ queued: 1, orphaned: 0 });
});

test('an engine claims nothing, looks again soon, and says so once', async () => {
  await redis.client.sAdd('resque:workers', [0, 1, 2, 3, 4].map(testWorkerId));
  await redis.client.set(`resque:worker:${testWorkerId(0)}:started`, 'then');
  const { engine, told } = await testEngine(redis.uri, () => {}, { checkRegistered: true });
  await push(job(0));
  await processed(1);
  await redis.client.del(`resque:worker:${testWorkerId(0)}:started`);
  await push(job(1));
  await until(() => told.includes('unregistered'));
  const calls = await scriptCalls();
  await until(async () => (await scriptCalls()) >= calls + 2);
  expect(await countJobs(redis.client)).toMatchObject({ queued: 1, claimed: 0 });
  await redis.client.set(`resque:worker:${testWorkerId(0)}:started`, 'now');
  await processed(2);
  expect(told.filter((event) => event === 'unregistered')).toHaveLength(1);
  await engine.stop();
});
