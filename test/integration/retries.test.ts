/** Retries in Redis: a failed job waits in its envelope, and is claimed from there when it is due. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { EngineEvents } from '../../src/engine/events.js';
import type { Claim, Outcome, RetryState } from '../../src/job.js';
import type { Connection } from '../../src/redis/connection.js';
import { recoverWorker } from '../../src/registry/recovery/recover.js';
import { createKeys } from '../../src/resque/keys.js';
import type { RedisJobStore } from '../../src/resque/store.js';
import { asError } from '../../src/thrown.js';
import { assertConserved, countJobs } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { claimFully, NAMESPACE, testConnection, testStore, testWorkerId } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

const keys = createKeys(NAMESPACE);
const FAILED_AT = '2026-11-24T10:00:00.000Z';
const PAST = { at: FAILED_AT, error: 'Error: "boom"', worker: 'w:1-0:q' };
const job = (n: unknown) => `{"class":"J", "args":[${JSON.stringify(n)}]}`;
const stateOf = (id: string, attempt = 2): RetryState => {
  return { id, attempt, postponed: 0, firstFailedAt: FAILED_AT, errors: [PAST] };
};
const again = (claim: Claim, inMs = 0): Outcome => {
  const state = stateOf(claim.token, (claim.retry?.attempt ?? 1) + 1);
  return { kind: 'retry', error: asError(new Error('boom')), inMs, counts: true, state };
};
const failed: Outcome = { kind: 'failed', error: asError(new Error('at last')) };

async function push(queue: string, ...payloads: (string | Buffer)[]): Promise<void> {
  await redis.client.sAdd(keys.queues, queue);
  await redis.client.rPush(keys.queue(queue), payloads);
}

async function storeOf(queues: string, connection?: Connection): Promise<RedisJobStore> {
  await redis.client.sAdd(keys.workers, [0, 1, 2, 3, 4, 5, 6, 7].map(testWorkerId));
  return testStore(connection ?? (await testConnection(redis.uri)), queues);
}

/** Claims what is there, and lets all of it fail. */
async function failAll(store: RedisJobStore, inMs = 0): Promise<void> {
  const { claims } = await store.ackAndClaim([], [0, 1, 2, 3, 4, 5, 6, 7]);
  await store.ackAndClaim(
    claims.map((claim) => ({ claim, outcome: again(claim, inMs) })),
    [],
  );
}

const ids = (claims: readonly Claim[]) => claims.map((claim) => JSON.parse(claim.payload.toString()).args[0]);

test('a failed job waits in its envelope, and comes back with its history and its exact bytes', async () => {
  await push('q', job(1));
  const store = await storeOf('q');
  await failAll(store);
  expect(await countJobs(redis.client)).toMatchObject({ retrying: 1, claimed: 0, failed: 0, failedStat: 0 });
  expect(await redis.client.hGetAll(keys.stat)).toEqual({ retried: '1' });
  const { claims } = await store.ackAndClaim([], [3]);
  expect(claims).toEqual([expect.objectContaining({ slot: 3, queue: 'q', strict: true })]);
  expect(claims[0].payload.toString()).toBe(job(1));
  expect(claims[0].retry).toEqual(stateOf(claims[0].retry?.id ?? ''));
  const record = JSON.parse((await redis.client.get(keys.worker(testWorkerId(3)))) ?? '');
  expect(Object.keys(record)).toEqual(['token', 'queue', 'run_at', 'retry', 'payload']);
  expect(record.token).toBe(claims[0].token);
  expect(await store.held([3])).toEqual(claims);
  await assertConserved(redis.client, 1);
  await store.ackAndClaim([], [4]);
  expect(await redis.client.exists([keys.retries, keys.retriesOf('q')])).toBe(0);
});

test('what fails for the last time says so in its entry, behind the fields of Ruby', async () => {
  await push('q', job(1));
  const store = await storeOf('q');
  await failAll(store);
  const { claims } = await store.ackAndClaim([], [0]);
  await store.ackAndClaim([{ claim: claims[0], outcome: failed }], []);
  const entry = JSON.parse((await redis.client.lIndex(keys.failed, 0)) ?? '');
  expect(entry).toMatchObject({ error: 'at last', attempts: 2, first_failed_at: FAILED_AT, retries: [PAST] });
  expect(Object.keys(entry).slice(-4)).toEqual(['queue', 'attempts', 'first_failed_at', 'retries']);
  expect(await countJobs(redis.client)).toMatchObject({ failed: 1, failedStat: 1, retrying: 0 });
});

test('a finish that is sent again, or of a record that is not ours, adds nothing', async () => {
  await push('q', job(1));
  const store = await storeOf('q');
  const { claims } = await store.ackAndClaim([], [0]);
  const finish = { claim: claims[0], outcome: again(claims[0], 60_000) };
  expect((await store.ackAndClaim([finish], [])).settled).toEqual([true]);
  expect((await store.ackAndClaim([finish], [])).settled).toEqual([false]);
  expect(await redis.client.hGet(keys.stat, 'retried')).toBe('1');
  await assertConserved(redis.client, 1);
});

test('two jobs of one payload are two', async () => {
  await push('q', job(1), job(1));
  await failAll(await storeOf('q'), 60_000);
  await assertConserved(redis.client, 2);
});

test('a due retry stands at the head of its queue; one that is not due waits, and the reply says for how long', async () => {
  await push('low', job('retry'));
  const store = await storeOf('high,low');
  await failAll(store);
  await push('high', job('later'));
  const claimed = await store.ackAndClaim([], [6]);
  await store.ackAndClaim([{ claim: claimed.claims[0], outcome: again(claimed.claims[0], 60_000) }], []);
  await push('low', job('low'));
  await push('high', job('high'));
  const { claims, drained, nextRetryMs } = await store.ackAndClaim([], [0, 1, 2, 3]);
  expect(ids(claims)).toEqual(['high', 'retry', 'low']);
  expect(drained).toBe(true);
  expect(nextRetryMs).toBeGreaterThan(50_000);
  expect(nextRetryMs).toBeLessThanOrEqual(60_000);
  await assertConserved(redis.client, 4);
});

test('those of a paused queue wait, and nobody is told to come for them', async () => {
  await push('q', job(1));
  const store = await storeOf('q,queue:q');
  await failAll(store);
  await redis.client.set(keys.pauseOf('q'), 'true');
  expect(await store.ackAndClaim([], [0])).toMatchObject({ claims: [], drained: true });
  expect((await store.ackAndClaim([], [0])).nextRetryMs).toBeUndefined();
  await redis.client.del(keys.pauseOf('q'));
  expect(ids((await store.ackAndClaim([], [0])).claims)).toEqual([1]);
});

test('a queue that is called like the key which pauses another', async () => {
  await push('queue:q', job(1));
  const store = await storeOf('q,queue:q');
  await failAll(store);
  expect(ids((await store.ackAndClaim([], [0])).claims)).toEqual([1]);
});

test('retries of queues that are not ours are left alone, and not waited for', async () => {
  await push('other', job(1));
  await failAll(await storeOf('other'));
  const { claims, nextRetryMs } = await (await storeOf('q')).ackAndClaim([], [0]);
  expect([claims, nextRetryMs]).toEqual([[], undefined]);
});

test.each(['strict', 'weighted'])('among a hundred empty queues the one with a retry is found, %s', async (order) => {
  const names = Array.from({ length: 100 }, (_, i) => `q${i}`);
  const queues = order === 'strict' ? names.join(',') : names.map((name) => `${name}=2`).join(',');
  const connection = await testConnection(redis.uri);
  const store = await storeOf(queues, connection);
  await push('q99', job(1));
  const { claims } = await claimFully({ store, connection }, [0, 1]);
  expect(ids(claims)).toEqual([1]);
  const failing = claims.map((claim) => ({ claim, outcome: again(claim) }));
  expect(ids((await claimFully({ store, connection }, [0, 1], failing)).claims)).toEqual([1]);
});

test('with many queues: of all that wait one is due at its time, also where another process made it wait', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `q${i}`);
  const connection = await testConnection(redis.uri);
  const store = await storeOf(names.join(','), connection);
  for (const name of ['q7', 'q50', 'q99']) await push(name, job(name));
  const { claims } = await claimFully({ store, connection }, [0, 1, 2, 3]);
  const failing = claims.map((claim, i) => ({ claim, outcome: again(claim, (i + 1) * 60_000) }));
  const reply = await claimFully({ store, connection }, [0, 1], failing);
  expect([reply.claims, reply.drained]).toEqual([[], true]);
  expect(reply.nextRetryMs).toBeGreaterThan(50_000);
  expect(reply.nextRetryMs).toBeLessThanOrEqual(60_000);
  // Of another process, in a queue that this one knows to be empty.
  await push('q30', job('theirs'));
  await failAll(await storeOf('q30'));
  expect(ids((await claimFully({ store, connection }, [0, 1])).claims)).toEqual(['theirs']);
  await assertConserved(redis.client, 4);
});

test('with many queues: what is due in a paused one is looked at once, and again when it is resumed', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `q${i}`);
  const connection = await testConnection(redis.uri);
  const store = await storeOf(names.join(','), connection);
  await push('q20', job(1));
  await failAll(await storeOf('q20'));
  await redis.client.set(keys.pauseOf('q20'), 'true');
  expect(await claimFully({ store, connection }, [0])).toMatchObject({ claims: [], drained: true });
  const again = await store.ackAndClaim([], [0]);
  expect(again).toMatchObject({ claims: [], drained: true });
  expect(again.nextRetryMs).toBeUndefined();
  await redis.client.del(keys.pauseOf('q20'));
  expect(ids((await claimFully({ store, connection }, [0])).claims)).toEqual([1]);
});

test('put back because we stop, or recovered from a dead worker, it keeps its attempts and is due at once', async () => {
  await push('q', job(1), job(2));
  const connection = await testConnection(redis.uri);
  const store = await storeOf('q', connection);
  await failAll(store);
  const { claims } = await store.ackAndClaim([], [0, 1]);
  await store.ackAndClaim([{ claim: claims[0], outcome: { kind: 'requeue' } }], []);
  const id = testWorkerId(1);
  const dead = { id, death: 'seen', heartbeat: '*' } as const;
  expect(await recoverWorker(connection, keys, dead, {})).toMatchObject({ job: { outcome: 'requeued' } });
  await assertConserved(redis.client, 2);
  expect(await redis.client.hGet(keys.stat, 'retried')).toBe('2');
  const back = await store.ackAndClaim([], [0, 1]);
  expect(back.claims.map(({ retry }) => retry)).toEqual(expect.arrayContaining(claims.map(({ retry }) => retry)));
  expect(ids(back.claims).sort()).toEqual([1, 2]);
});

test('any bytes come back as they were', async () => {
  const connection = await testConnection(redis.uri);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        fc.json().map((text) => Buffer.from(`{"class":"J","args":[${text}], "payload":{"retry":{}}}`)),
      ),
      fc.string(),
      async (payload, error) => {
        await redis.client.flushAll();
        await push('q', payload);
        const store = await storeOf('q', connection);
        const { claims } = await store.ackAndClaim([], [0]);
        const [claim] = claims;
        const state = { ...stateOf('a'), errors: [{ ...PAST, error }] };
        const outcome = { ...again(claim), state } as Outcome;
        const back = await store.ackAndClaim([{ claim, outcome }], [0]);
        expect(back.claims[0]).toMatchObject({ strict: claim.strict, retry: state });
        expect(back.claims[0].payload.equals(payload)).toBe(true);
        expect(await store.held([0])).toEqual(back.claims);
        await assertConserved(redis.client, 1);
      },
    ),
    { numRuns: 200 },
  );
});

test('what is no envelope is worked as a payload, and what cannot be claimed goes back', async () => {
  await redis.client.zAdd(keys.retries, { score: 1, value: 'q' });
  await redis.client.zAdd(keys.retriesOf('q'), { score: 1, value: 'junk' });
  const store = await storeOf('q');
  await redis.client.set(keys.worker(testWorkerId(0)), '{"queue":"q","payload":{}}');
  expect((await store.ackAndClaim([], [0])).occupied).toEqual([0]);
  const { claims } = await store.ackAndClaim([], [1]);
  expect(claims.map(({ payload, strict, retry }) => [payload.toString(), strict, retry])).toEqual([
    ['junk', false, undefined],
  ]);
});

test('more than fits into a call comes in parts', async () => {
  const big = (n: number) => `{"class":"J","args":[${n},"${'x'.repeat(60_000)}"]}`;
  await push('q', ...[1, 2, 3].map(big));
  const store = await storeOf('q');
  for (let n = 0; n < 3; n++) {
    const { claims } = await store.ackAndClaim([], [n]);
    await store.ackAndClaim([{ claim: claims[0], outcome: again(claims[0], 60_000) }], []);
  }
  for (const { value } of await redis.client.zRangeWithScores(keys.retriesOf('q'), 0, -1))
    await redis.client.zAdd(keys.retriesOf('q'), { score: 1, value });
  await redis.client.zAdd(keys.retries, { score: 1, value: 'q' });
  const first = await store.ackAndClaim([], [0, 1, 2]);
  expect([first.claims.length, first.drained]).toEqual([1, false]);
  expect((await store.ackAndClaim([], [1, 2])).claims).toHaveLength(1);
  await assertConserved(redis.client, 3);
});

test('an engine runs it when it is due, long before it looks by itself', async () => {
  await push('q', job(1));
  const runs: number[] = [];
  let ended = 0;
  const connection = await testConnection(redis.uri);
  const engine = new Engine({
    store: await storeOf('q', connection),
    perform: (run) => {
      runs.push(performance.now());
      if (runs.length < 3) run.settle(again(run.claim, 100));
      else ended = run.claim.retry?.attempt ?? 0;
    },
    events: new EngineEvents((error) => {
      throw error;
    }),
    concurrency: 2,
    intervalMs: 600_000,
    pushes: connection.tracking,
    exitOnComplete: false,
  });
  await engine.start();
  await until(async () => ended > 0 && (await countJobs(redis.client)).processed === 1);
  expect(ended).toBe(3);
  expect(Math.min(runs[1] - runs[0], runs[2] - runs[1])).toBeGreaterThanOrEqual(99);
  await engine.stop();
  await assertConserved(redis.client, 1);
});
