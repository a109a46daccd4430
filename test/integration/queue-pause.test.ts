/**
 * One paused queue: none of its jobs is claimed, the others share the slots, and waiting workers are notified when it
 * is resumed.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Claim } from '../../src/job.js';
import { createKeys } from '../../src/resque/keys.js';
import type { RedisJobStore } from '../../src/resque/store.js';
import { assertConserved, pushJob, untilCounted } from '../support/conservation.js';
import { testEngine } from '../support/engine.js';
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
const job = (n: unknown) => `{"class":"J","args":[${JSON.stringify(n)}]}`;
const slots = (count: number) => Array.from({ length: count }, (_, i) => i);

async function push(queue: string, ...args: unknown[]): Promise<void> {
  await redis.client.sAdd(keys.queues, queue);
  if (args.length > 0) await redis.client.rPush(keys.queue(queue), args.map(job));
}

async function storeOf(queues: string, nonce?: string): Promise<RedisJobStore> {
  await redis.client.sAdd(keys.workers, slots(40).map(testWorkerId));
  return testStore(await testConnection(redis.uri), queues, nonce);
}

const pause = (queue: string) => redis.client.set(keys.pauseOf(queue), 'true');
const done = (claims: readonly Claim[]) => claims.map((claim) => ({ claim, outcome: { kind: 'done' } as const }));
const args = (claims: readonly Claim[]) => claims.map(({ payload }) => JSON.parse(payload.toString()).args[0]);

test.each(['a,b', 'a=3,b=1'])('%s: a paused queue counts as empty, with what is to run again in it', async (queues) => {
  const store = await storeOf(queues);
  await push('a', 'again');
  const { claims } = await store.ackAndClaim([], [0]);
  const state = { id: 'x', attempt: 2, postponed: 0, firstFailedAt: '2026-11-24T10:00:00.000Z', errors: [] };
  const error = { name: 'Error', message: 'boom', backtrace: [] } as never;
  await store.ackAndClaim([{ claim: claims[0], outcome: { kind: 'retry', error, inMs: 0, counts: true, state } }], []);
  await push('a', 'a1');
  await push('b', 'b1');
  await pause('a');
  const during = await store.ackAndClaim([], [0, 1, 2]);
  expect(args(during.claims)).toEqual(['b1']);
  // No time to look again is given: we are told of the resumption.
  expect(during).toMatchObject({ drained: true, paused: false });
  expect(during.nextRetryMs).toBeUndefined();
  await redis.client.del(keys.pauseOf('a'));
  expect(args((await store.ackAndClaim(done(during.claims), [0, 1, 2])).claims)).toEqual(['again', 'a1']);
  await assertConserved(redis.client, 3);
});

test('weights hold among those that are not paused', async () => {
  await push('a', ...slots(4000).map(() => 'a'));
  await push('b', ...slots(4000).map(() => 'b'));
  await push('c', ...slots(10));
  await pause('c');
  const store = await storeOf('a=2,b=1,c=7');
  const counts = { a: 0, b: 0 };
  let last: readonly Claim[] = [];
  for (let i = 0; i < 100; i++) {
    const { claims } = await store.ackAndClaim(done(last), slots(30));
    for (const arg of args(claims)) counts[arg as 'a' | 'b']++;
    last = claims;
  }
  expect(counts.a + counts.b).toBe(3000);
  expect(counts.a / counts.b).toBeGreaterThan(1.9);
  expect(counts.a / counts.b).toBeLessThan(2.1);
});

test('a key that holds no text does not pause', async () => {
  await push('a', 1);
  await redis.client.rPush(keys.pauseOf('a'), 'x');
  expect(args((await (await storeOf('a')).ackAndClaim([], [0])).claims)).toEqual([1]);
});

test('what is in the quarantine of a paused queue waits too', async () => {
  await redis.client.rPush(keys.quarantine('a'), job(1));
  await pause('a');
  const store = testStore(await testConnection(redis.uri), 'a', 'nonce', { quarantine: true });
  expect((await store.ackAndClaim([], [0])).claims).toEqual([]);
  await redis.client.del(keys.pauseOf('a'));
  expect(args((await store.ackAndClaim([], [0])).claims)).toEqual([1]);
});

const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const), queue: fc.nat(39) }),
  fc.record({ do: fc.constant('pause' as const), queue: fc.nat(39) }),
  fc.record({ do: fc.constant('resume' as const), queue: fc.nat(39) }),
  fc.record({ do: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 12 }) }),
);

test('any pushes, pauses and claims: what is claimed is what a model claims, in its order; nothing is lost', async () => {
  let round = 0;
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 40 }),
    fc.boolean(),
    fc.array(step, { minLength: 1, maxLength: 40 }),
    async (queueCount, weighted, steps) => {
      await redis.client.flushAll();
      const names = slots(queueCount).map((i) => `q${i}`);
      const plan = names.map((name, i) => (weighted ? `${name}=${1 + (i % 5)}` : name)).join(',');
      const store = testStore(await shared(), plan, `n${round++}`);
      await redis.client.sAdd(keys.workers, slots(40).map(testWorkerId));
      const model = new Map<string, number[]>(names.map((name) => [name, []]));
      const paused = new Set<string>();
      let pushed = 0;
      for (const one of steps) {
        if (one.do === 'claim') {
          const { claims, drained } = await claimFully({ store, connection: await shared() }, slots(one.count));
          const open = names.filter((name) => !paused.has(name));
          const waiting = open.reduce((sum, name) => sum + (model.get(name)?.length ?? 0), 0);
          expect(claims.length).toBe(Math.min(one.count, waiting));
          if (claims.length < one.count) expect(drained).toBe(true);
          if (drained) expect(waiting).toBeLessThanOrEqual(one.count);
          if (!weighted) {
            const inOrder = open.flatMap((name) => model.get(name) ?? []);
            expect(args(claims)).toEqual(inOrder.slice(0, one.count));
          }
          for (const claim of claims) {
            expect(paused.has(claim.queue)).toBe(false);
            expect(args([claim])[0]).toBe(model.get(claim.queue)?.shift());
          }
          await store.ackAndClaim(done(claims), []);
        } else {
          const name = names[one.queue % queueCount];
          if (one.do === 'push') {
            await push(name, pushed);
            model.get(name)?.push(pushed++);
          } else if (one.do === 'pause') {
            await pause(name);
            paused.add(name);
          } else {
            await redis.client.del(keys.pauseOf(name));
            paused.delete(name);
          }
        }
      }
      await assertConserved(redis.client, pushed);
    },
  );
  const connection = testConnection(redis.uri);
  const shared = () => connection;
  await fc.assert(property, { numRuns: 60 });
});

describe('an idle worker', () => {
  // The engine's interval is an hour: only what Redis tells can wake it.
  test.each(['q', 'q=2,other=1', `q,${slots(30).map((i) => `x${i}`)}`])(
    'of %s goes on as soon as a queue is resumed',
    async (queues) => {
      await pause('q');
      const { engine } = await testEngine(redis.uri, async () => ({ kind: 'done' }) as never, { queues });
      await pushJob(redis.client, 'J', 1);
      await pushJob(redis.client, 'J', 2);
      await until(async () => (await redis.client.lLen(keys.queue('q'))) === 2, { what: 'both are there' });
      expect(await redis.client.get(keys.processed)).toBeNull();
      await redis.client.del(keys.pauseOf('q'));
      await untilCounted(redis.client, { processed: 2, queued: 0, claimed: 0 });
      await engine.stop();
    },
  );

  test('goes on when the pause expires', async () => {
    await redis.client.set(keys.pauseOf('q'), 'true', { PX: 300 });
    await pushJob(redis.client, 'J', 1);
    await testEngine(redis.uri, async () => ({ kind: 'done' }) as never, { queues: 'q' });
    await untilCounted(redis.client, { processed: 1 });
  });
});
