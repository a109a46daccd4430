/** Our counts compared with those of Redis, while everything between the two fails. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Claim } from '../../../src/job.js';
import { Recorder } from '../../../src/metrics/record.js';
import type { Identity } from '../../../src/registry/identity.js';
import { SlotCounts } from '../../../src/registry/recovery/counts.js';
import { recoverProcess } from '../../../src/registry/recovery/recover.js';
import { register } from '../../../src/registry/register.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { testEngine } from '../../support/engine.js';
import { startProxy } from '../../support/proxy.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection, testStore, testWorkerId } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => redis.client.flushAll());

async function push(count: number): Promise<void> {
  const payloads = Array.from({ length: count }, (_, n) => JSON.stringify({ class: n % 3 ? 'Ok' : 'Bad', args: [n] }));
  await redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payloads).exec();
}

test('connections that are cut again and again under load: the sums are those of Redis', async () => {
  await redis.client.sAdd(
    'resque:workers',
    Array.from({ length: 25 }, (_, slot) => testWorkerId(slot)),
  );
  const proxy = await startProxy(redis);
  await push(2000);
  const recorder = new Recorder();
  const measured = { classes: ['Ok', 'Bad'], slots: 25, busy: () => 0 };
  const { engine } = await testEngine(
    proxy.uri,
    async (run) => {
      await new Promise((resolve) => setImmediate(resolve));
      run.class = JSON.parse(run.claim.payload.toString()).class as string;
      if (run.class === 'Bad') throw new Error('bad');
    },
    { concurrency: 25, listen: (events) => recorder.listen(events, measured) },
  );
  let cuts = 0;
  await until(
    async () => {
      if (cuts++ < 30) proxy.cut();
      const { processed, failedStat } = await countJobs(redis.client);
      return processed + failedStat === 2000;
    },
    { everyMs: 15 },
  );
  await engine.stop();
  const { jobs } = recorder.drain();
  expect(jobs.find((job) => job.class === 'Ok')).toMatchObject({ done: 1333, failed: 0 });
  expect(jobs.find((job) => job.class === 'Bad')).toMatchObject({ done: 0, failed: 667 });
  expect(await assertConserved(redis.client, 2000)).toMatchObject({ processed: 1333, failedStat: 667 });
  await proxy.close();
});

test('claims that come back empty', async () => {
  const recorder = new Recorder();
  const measured = { classes: [], slots: 5, busy: () => 0 };
  await testEngine(redis.uri, () => {}, { listen: (events) => recorder.listen(events, measured) });
  await until(() => recorder.drain().emptyClaims === 1);
  await push(1);
  await until(() => recorder.drain().jobs.length === 1);
});

/** The slots of testStore. */
const SLOTS: Identity = { namespace: 'resque:', label: 'test.ts', pid: 1, queues: 'q', concurrency: 5 };

test('a process that died while a finish was on its way: its last count is the true one', async () => {
  const [connection, dying] = [await testConnection(redis.uri), await testConnection(redis.uri)];
  const outcomes = new Set<number>();
  for (let round = 0; round < 60; round++) {
    await redis.client.flushAll();
    await push(6);
    await register(connection, SLOTS);
    const store = testStore(dying, 'q', `n${round}`, { checkRegistered: true });
    const { claims } = await store.ackAndClaim([], [0, 1, 2, 3]);
    const done = (claim: Claim) => ({ claim, outcome: { kind: 'done' as const } });
    await store.ackAndClaim([done(claims[0])], [0]);
    const counts = new SlotCounts();
    // Its last call, which may come before, within or after the recovery.
    const recovering = recoverProcess(connection, SLOTS, { counts });
    for (let step = 0; step < round % 6; step++) await dying.send(['PING']);
    const last = store.ackAndClaim([done(claims[1]), done(claims[2])], [1]);
    await Promise.all([recovering, last]);
    const processed = Number(await redis.client.get('resque:stat:processed'));
    expect(counts.sum).toEqual({ processed, failed: 0 });
    outcomes.add(processed);
    await assertConserved(redis.client, 6);
  }
  // Both happened: it came in time, and too late.
  expect([...outcomes].sort()).toEqual([1, 3]);
});

test('what was read before an attempt that failed is kept', async () => {
  const connection = await testConnection(redis.uri);
  const keys = { processedBy: (id: string) => `p:${id}`, failuresOf: (id: string) => `f:${id}` };
  const counts = new SlotCounts();
  await redis.client.mSet({ 'p:a': '5', 'f:b': '2', 'p:b': 'no number' });
  await counts.read(connection, keys, ['a', 'b']);
  await redis.client.del('p:a');
  await redis.client.set('f:b', '3');
  await counts.read(connection, keys, ['a', 'b']);
  expect(counts.sum).toEqual({ processed: 5, failed: 3 });
});
