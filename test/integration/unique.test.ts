/** Unique jobs in Redis: the lock is taken with the job, and released with it, however it ends. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { takeMatching } from '../../src/inspect/delayed-items.js';
import { Sweep } from '../../src/inspect/failed/bulk.js';
import { removeNamed } from '../../src/inspect/failed/by-index.js';
import { FailedList } from '../../src/inspect/failed/list.js';
import { Remover } from '../../src/inspect/failed/remove.js';
import { choose } from '../../src/inspect/failed/select.js';
import { takeQueued } from '../../src/inspect/queued.js';
import { queueNameOf } from '../../src/inspect/queues.js';
import { retryEntry, retryPayload, takeMatchingRetries } from '../../src/inspect/retries.js';
import type { Claim, EnqueueResult, Outcome } from '../../src/job.js';
import type { Connection } from '../../src/redis/connection.js';
import { recoverWorker } from '../../src/registry/recovery/recover.js';
import { promoteDue } from '../../src/resque/delayed.js';
import { enqueueDelayed, enqueueJobs, pushReady } from '../../src/resque/enqueue.js';
import { createKeys } from '../../src/resque/keys.js';
import type { RedisJobStore } from '../../src/resque/store.js';
import { newLock, type Unique, uniquePolicy } from '../../src/resque/unique.js';
import { asError } from '../../src/thrown.js';
import { assertConserved } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { NAMESPACE, testConnection, testStore, testWorkerId } from '../support/store.js';

let redis: TestRedis;
let connection: Connection;
let store: RedisJobStore;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
  await redis.client.sAdd(keys.workers, SLOTS.map(testWorkerId));
  store = testStore(connection, 'q', `n${nonces++}`);
});

const keys = createKeys(NAMESPACE);
const SLOTS = [0, 1, 2, 3];
let nonces = 0;
const DONE: Outcome = { kind: 'done' };
const FAILED: Outcome = { kind: 'failed', error: asError(new Error('boom')) };
const REQUEUE: Outcome = { kind: 'requeue' };
const again = ({ token }: Claim, inMs = 0): Outcome => {
  const state = { id: token, attempt: 2, postponed: 0, firstFailedAt: undefined, errors: [] };
  return { kind: 'retry', error: asError(new Error('boom')), inMs, counts: true, state };
};

const sync = (id: unknown, unique: Unique<never> = true) => ({ queue: 'q', class: 'Sync', args: [id], unique });
async function push(...jobs: ReturnType<typeof sync>[]): Promise<string[]> {
  return (await enqueueJobs(connection, NAMESPACE, jobs)).map(({ status }) => status);
}
async function delay(inMs: number, ...jobs: ReturnType<typeof sync>[]): Promise<EnqueueResult[]> {
  return await enqueueDelayed(
    connection,
    keys,
    jobs.map((job) => ({ ...job, due: { inMs } })),
  );
}
async function claim(): Promise<readonly Claim[]> {
  return (await store.ackAndClaim([], SLOTS)).claims;
}
async function end(outcome: Outcome, claims: readonly Claim[]): Promise<void> {
  await store.ackAndClaim(
    claims.map((one) => ({ claim: one, outcome })),
    [],
  );
}
const locks = async () => (await redis.client.keys('resque:tsworker:unique:*')).sort();
const queued = () => redis.client.lRange('resque:queue:q', 0, -1);
const ttlOf = async () => redis.client.pTTL((await locks())[0] ?? '');
/** As if some time had gone by. */
const age = async (ms: number) => redis.client.pExpire((await locks())[0] ?? '', ms);

describe('taking', () => {
  test('a job that is the same is kept out; another is not', async () => {
    expect(await push(sync(1), sync(2), sync(1))).toEqual(['enqueued', 'enqueued', 'kept']);
    expect(await push(sync(2))).toEqual(['kept']);
    expect(await queued()).toHaveLength(2);
    const [lock] = await locks();
    expect(lock).toMatch(/^resque:tsworker:unique:Sync:[0-9a-f]{40}$/);
    const ttl = await ttlOf();
    expect(ttl).toBeGreaterThan(3_590_000);
    expect(ttl).toBeLessThanOrEqual(3_600_000);
  });

  test('the payload bears key and token, as its last member', async () => {
    await push(sync(7, { ttl: 60 }));
    const [payload] = await queued();
    const [lock = ''] = await locks();
    const token = await redis.client.get(lock);
    expect(payload).toBe(
      `{"class":"Sync","args":[7],"tsworker":{"unique":{"key":"${lock.slice(23)}","token":"${token}","ttl":60}}}`,
    );
  });

  test('the same is what JSON makes the same, or what `by` says', async () => {
    expect(
      await push(sync({ a: 1, b: 2n ** 60n }), sync({ b: 2n ** 60n, a: 1 }), sync({ a: 1, b: 2n ** 60n + 1n })),
    ).toEqual(['enqueued', 'kept', 'enqueued']);
    const by = { by: (job: { id: number }) => job.id } as Unique<never>;
    expect(await push(sync({ id: 1, at: 1 }, by), sync({ id: 1, at: 2 }, by), sync({ id: 2, at: 2 }, by))).toEqual([
      'enqueued',
      'kept',
      'enqueued',
    ]);
  });

  test('jobs that are not unique go in beside them, in order', async () => {
    const plain = { ...sync(1), unique: false };
    expect(await push(plain, sync(1), plain, sync(1), plain)).toEqual([
      'enqueued',
      'enqueued',
      'enqueued',
      'kept',
      'enqueued',
    ]);
    const texts = await queued();
    expect(texts.map((text) => text.includes('unique'))).toEqual([false, true, false, false]);
  });

  test('with onConflict error nothing is enqueued, and the error names the lock', async () => {
    await push(sync(1));
    const [lock = ''] = await locks();
    const jobs = [sync(2), sync(1, { onConflict: 'error' })];
    await expect(push(...jobs)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `nothing was enqueued: another job holds the lock ${lock.slice(23)}`,
    });
    await expect(push(sync(3, { onConflict: 'error' }), sync(3, { onConflict: 'error' }))).rejects.toThrow(
      'holds the lock',
    );
    expect([await queued(), await locks()]).toMatchObject([{ length: 1 }, [lock]]);
  });

  test('a batch that is sent again answers as before, and pushes nothing', async () => {
    const policy = uniquePolicy(true, '');
    const jobs = [1, 1, 2].map((id, i) => {
      const lock = policy && newLock(policy, 'Sync', [id]);
      return { queue: 'q', payload: `{"class":"Sync","args":[${id},${i}]}`, lock };
    });
    const batch = { marker: keys.enqueued('nonce'), number: 1, rememberedS: 60 };
    const first = await pushReady(connection, keys, jobs, batch);
    await redis.client.del(await locks());
    expect(await pushReady(connection, keys, jobs, batch)).toEqual(first);
    expect(first.map(({ status }) => status)).toEqual(['enqueued', 'kept', 'enqueued']);
    expect(await queued()).toHaveLength(2);
    // A later batch of the same producer has no unique job.
    const plain = [{ queue: 'q', payload: '{"class":"A","args":[]}' }];
    await pushReady(connection, keys, plain, { ...batch, number: 2 });
    await pushReady(connection, keys, plain, { ...batch, number: 2 });
    expect(await queued()).toHaveLength(3);
  });

  test('for later the TTL counts from when the job is due', async () => {
    const [result] = await delay(600_000, sync(1, { ttl: 60 }));
    expect(result).toEqual({ status: 'delayed', at: expect.any(Date) });
    const ttl = await ttlOf();
    expect(ttl).toBeGreaterThan(650_000);
    expect(ttl).toBeLessThanOrEqual(661_000);
    expect([(await delay(5_000, sync(1)))[0], await push(sync(1))]).toEqual([{ status: 'kept' }, ['kept']]);
    expect((await delay(0, sync(2)))[0]).toEqual({ status: 'enqueued' });
  });

  test('keys of another type are an error, and nothing is enqueued', async () => {
    await push(sync(1));
    const [lock = ''] = await locks();
    await redis.client.del([lock, 'resque:queue:q']);
    await redis.client.rPush(lock, 'x');
    await expect(push(sync(2), sync(1))).rejects.toThrow('WRONGTYPE');
    expect([await queued(), await locks()]).toEqual([[], [lock]]);
  });
});

describe('replacing', () => {
  const replacing: Unique<never> = { by: (() => 1) as never, onConflict: 'replace' };

  test('takes the place of a job that is queued, and has the lock', async () => {
    expect(await push(sync('old', replacing), sync('other', false))).toEqual(['enqueued', 'enqueued']);
    expect(await push(sync('new', replacing))).toEqual(['replaced']);
    const found = await claim();
    expect(found.map(({ payload }) => JSON.parse(payload.toString()).args[0])).toEqual(['other', 'new']);
    expect(await locks()).toHaveLength(1);
    await end(DONE, found);
    expect(await locks()).toEqual([]);
  });

  test('of a delayed one, and is due at its own time', async () => {
    await delay(60_000, { ...sync('old', replacing), queue: 'a/b"c' });
    const [result] = await delay(120_000, sync('new', replacing));
    expect(result).toEqual({ status: 'replaced', at: expect.any(Date) });
    expect(await redis.client.zCard(keys.delayedTimes)).toBe(1);
    expect((await redis.client.keys('resque:timestamps:*')).filter((key) => key.includes('old'))).toEqual([]);
    expect(await push(sync('now', replacing))).toEqual(['replaced']);
    expect((await redis.client.keys('resque:*delayed*')).sort()).toEqual([]);
    expect(await ttlOf()).toBeLessThanOrEqual(3_600_000);
  });

  test('not of one that runs', async () => {
    await push(sync('old', replacing));
    const running = await claim();
    expect(await push(sync('new', replacing))).toEqual(['kept']);
    await end(DONE, running);
    expect(await push(sync('new', replacing))).toEqual(['enqueued']);
  });
});

describe('releasing', () => {
  test.each([
    ['done', DONE],
    ['failed', FAILED],
    ['discarded', { ...FAILED, kind: 'discarded' } as Outcome],
  ])('a job that is %s holds nothing', async (_what, outcome) => {
    await push(sync(1));
    await end(outcome, await claim());
    expect(await locks()).toEqual([]);
    expect(await push(sync(1))).toEqual(['enqueued']);
  });

  test('one that is put back or runs again keeps it, with a new TTL', async () => {
    await push(sync(1));
    await age(1000);
    const claims = await claim();
    await store.ackAndClaim([], []);
    expect(await ttlOf()).toBeGreaterThan(3_500_000);
    await age(1000);
    await end(REQUEUE, claims);
    expect(await ttlOf()).toBeGreaterThan(3_500_000);
    const [held] = await claim();
    await end(again(held, 7_200_000), [held]);
    const ttl = await ttlOf();
    expect(ttl).toBeGreaterThan(10_700_000);
    expect(ttl).toBeLessThanOrEqual(10_800_000);
    expect(await push(sync(1))).toEqual(['kept']);
  });

  test('until started: another gets in while it runs, and is not touched by its end', async () => {
    await push(sync(1, { until: 'started' }));
    const first = await claim();
    expect(await push(sync(1, { until: 'started' }))).toEqual(['enqueued']);
    await end(DONE, first);
    expect([await locks(), await queued()]).toMatchObject([{ length: 1 }, { length: 1 }]);
  });

  test('by time: it stays to its TTL, and the payload says nothing of it', async () => {
    await push(sync(1, { until: 'time', ttl: 60 }));
    expect(await queued()).toEqual(['{"class":"Sync","args":[1]}']);
    await end(DONE, await claim());
    expect(await push(sync(1, { until: 'time', ttl: 60 }))).toEqual(['kept']);
    expect(await ttlOf()).toBeLessThanOrEqual(60_000);
  });

  test('a job whose TTL ran out releases nothing of the one that came after it', async () => {
    await push(sync(1));
    const late = await claim();
    await redis.client.del(await locks());
    expect(await push(sync(1))).toEqual(['enqueued']);
    await end(DONE, late);
    expect(await locks()).toHaveLength(1);
  });

  test('a worker that was taken for dead releases nothing of the job that was recovered', async () => {
    await push(sync(1));
    const claims = await claim();
    await redis.client.hSet(keys.heartbeats, testWorkerId(0), 'long ago');
    const dead = { id: testWorkerId(0), death: 'expired', heartbeat: 'long ago' } as const;
    expect((await recoverWorker(connection, keys, dead, {}))?.job?.outcome).toBe('requeued');
    await end(DONE, claims);
    expect([await locks(), await queued()]).toMatchObject([{ length: 1 }, { length: 1 }]);
  });

  test.each([
    ['requeued', {}, 1],
    ['failed', { onDead: 'fail' }, 0],
    ['failed', { failWith: new Error('killed') }, 0],
  ] as const)('a dead worker: %s %j', async (outcome, options, held) => {
    await push(sync(1));
    await claim();
    await age(1000);
    const dead = { id: testWorkerId(0), death: 'seen', heartbeat: '*' } as const;
    expect((await recoverWorker(connection, keys, dead, options))?.job?.outcome).toBe(outcome);
    expect(await locks()).toHaveLength(held);
    if (held === 1) expect(await ttlOf()).toBeGreaterThan(3_500_000);
  });

  test('in the quarantine it is kept; the third death releases it', async () => {
    await push(sync(1));
    const outcomes: unknown[] = [];
    for (const quarantine of [false, false, true]) {
      const own = testStore(connection, 'q', `d${nonces++}`, { quarantine });
      expect((await own.ackAndClaim([], [0])).claims).toHaveLength(1);
      const dead = { id: testWorkerId(0), death: 'seen', heartbeat: '*' } as const;
      outcomes.push((await recoverWorker(connection, keys, dead, { quarantine: true }))?.job?.outcome);
      expect(await locks()).toHaveLength(quarantine ? 0 : 1);
    }
    expect(outcomes).toEqual(['requeued', 'quarantined', 'poison_pill']);
  });

  test('deleted or moved by an operator: from a queue', async () => {
    await push(sync(1), sync(2));
    const q = queueNameOf(Buffer.from('q'));
    await age(1000);
    for await (const _ of takeQueued(connection, keys, q, { filter: {}, to: queueNameOf(Buffer.from('low')) }));
    expect([await locks(), await push(sync(1))]).toMatchObject([{ length: 2 }, ['kept']]);
    expect(await ttlOf()).toBeGreaterThan(3_500_000);
    const low = queueNameOf(Buffer.from('low'));
    for await (const _ of takeQueued(connection, keys, low, { filter: { args: '[1]' } }));
    expect([await locks(), await push(sync(1), sync(2))]).toMatchObject([{ length: 1 }, ['enqueued', 'kept']]);
  });

  test('from the delayed jobs', async () => {
    await delay(60_000, sync(1), sync(2), sync(3));
    const to = (id: number) => (job: { payload: string }) => (job.payload.includes(`[${id}]`) ? undefined : 'skip');
    const run = async (id: number, destination: Parameters<typeof takeMatching>[3]) => {
      for await (const _ of takeMatching(connection, keys, {}, (job) => to(id)(job) ?? destination(job)));
    };
    await run(1, () => ({ to: 'nowhere' }));
    expect(await locks()).toHaveLength(2);
    await run(2, ({ item }) => ({ to: 'queue', queue: 'q', payload: item }));
    expect(await locks()).toHaveLength(2);
    await run(3, () => ({ to: 'time', seconds: Math.ceil(Date.now() / 1000) + 7200 }));
    expect((await Promise.all((await locks()).map((lock) => redis.client.pTTL(lock)))).sort((a, b) => a - b)).toEqual([
      expect.toSatisfy((ttl: number) => ttl > 3_500_000 && ttl <= 3_600_000),
      expect.toSatisfy((ttl: number) => ttl > 10_700_000 && ttl <= 10_801_000),
    ]);
    await end(DONE, await claim());
    expect(await locks()).toHaveLength(1);
  });

  test('from those that run again', async () => {
    await push(sync(1), sync(2), sync(3));
    const claims = await claim();
    for (const one of claims) await end(again(one, 60_000), [one]);
    const run = async (text: string, destinationOf: Parameters<typeof takeMatchingRetries>[3]) => {
      for await (const _ of takeMatchingRetries(connection, keys, { text }, destinationOf));
    };
    await run('[1]', (job) => ({ to: 'queue', payload: retryPayload(job) }));
    await run('[2]', (job) => ({ to: 'failed', entry: retryEntry(job) }));
    await run('[3]', () => ({ to: 'nowhere' }));
    expect(await locks()).toHaveLength(1);
    expect(await push(sync(1), sync(2), sync(3))).toEqual(['kept', 'enqueued', 'enqueued']);
  });

  test('a failed job that is retried takes it again; where another has it, the entry stays', async () => {
    await push(sync(1), sync(2));
    await end(FAILED, await claim());
    await push(sync(1));
    await end(FAILED, await claim());
    await push(sync(2));
    const list = new FailedList(connection, keys);
    const sweep = new Sweep(list, new Remover(connection, keys), { action: { kind: 'retry' }, filter: {} });
    let taken = 0;
    for await (const step of sweep.steps()) taken += step.taken.length;
    // Of the two that are the same the older one.
    expect(taken).toBe(1);
    const held = 'another job that is the same waits or runs already, and holds the lock of both';
    expect(sweep.left.map(({ n, why }) => [n, why])).toEqual([
      [0, held],
      [1, held],
    ]);
    expect([await push(sync(1)), await queued()]).toMatchObject([['kept'], { length: 2 }]);
    await end(DONE, await claim());
    expect(await locks()).toEqual([]);
    const named = (await list.read(0, 2)).map((listed) => choose(listed, { kind: 'retry' }, true));
    await push(sync(2));
    const left: unknown[] = [];
    for await (const step of removeNamed(list, new Remover(connection, keys), named)) left.push(...step.left);
    expect(left).toMatchObject([{ n: 0, why: held }]);
    expect([await locks(), await queued()]).toMatchObject([{ length: 2 }, { length: 2 }]);
  });

  test('the scheduler keeps it on the way to the queue', async () => {
    await delay(1, sync(1));
    await expect
      .poll(
        async () =>
          (await promoteDue(connection, keys, { name: 'me', leaseMs: 1000, locks: [] })) && (await queued()).length,
      )
      .toBe(1);
    expect(await push(sync(1))).toEqual(['kept']);
    await end(DONE, await claim());
    expect(await locks()).toEqual([]);
  });
});

test('whatever happens, one job of a key is on its way at most, and a lock is held by exactly such a job', async () => {
  const step = fc.record({
    what: fc.constantFrom('push', 'delay', 'claim', 'done', 'fail', 'again', 'back', 'die', 'cancel', 'purge'),
    id: fc.integer({ min: 1, max: 3 }),
    onConflict: fc.constantFrom('keep', 'replace'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await redis.client.flushAll();
      await redis.client.sAdd(keys.workers, SLOTS.map(testWorkerId));
      const own = testStore(connection, 'q', `p${nonces++}`);
      let held: Claim[] = [];
      let went = 0;
      const finish = async (outcome: (claim: Claim) => Outcome) => {
        const one = held.shift();
        if (one !== undefined) await own.ackAndClaim([{ claim: one, outcome: outcome(one) }], []);
      };
      const removed = async (pages: AsyncIterable<{ taken: readonly unknown[] }>) => {
        for await (const { taken } of pages) went -= taken.length;
      };
      for (const { what, id, onConflict } of steps) {
        const job = sync(id, { onConflict } as Unique<never>);
        if (what === 'push') went += (await push(job))[0] === 'enqueued' ? 1 : 0;
        if (what === 'delay') went += (await delay(60_000, job))[0].status === 'delayed' ? 1 : 0;
        if (what === 'claim') {
          const idle = SLOTS.filter((slot) => held.every((one) => one.slot !== slot));
          held.push(...(await own.ackAndClaim([], idle)).claims);
        }
        if (what === 'done') await finish(() => DONE);
        if (what === 'fail') await finish(() => FAILED);
        if (what === 'again') await finish((one) => again(one));
        if (what === 'back') await finish(() => REQUEUE);
        if (what === 'cancel') await removed(takeMatching(connection, keys, {}, () => ({ to: 'nowhere' })));
        if (what === 'purge')
          await removed(takeQueued(connection, keys, queueNameOf(Buffer.from('q')), { filter: {} }));
        if (what === 'die') {
          for (const { slot } of held) {
            const dead = { id: testWorkerId(slot), death: 'seen', heartbeat: '*' } as const;
            await recoverWorker(connection, keys, dead, { countsAsDeath: false });
          }
          await redis.client.sAdd(keys.workers, SLOTS.map(testWorkerId));
          held = [];
        }
        await assertConserved(redis.client, went);
        await expectOneOfEach();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** Tokens of the jobs that are somewhere, other than failed, and of the locks. */
async function expectOneOfEach(): Promise<void> {
  const script = `
    local texts = {}
    local function add(list) for _, text in ipairs(list) do texts[#texts + 1] = text end end
    for _, key in ipairs(redis.call('KEYS', '*')) do
      if key:find('resque:queue:', 1, true) == 1 or key:find('^resque:delayed:') then add(redis.call('LRANGE', key, 0, -1))
      elseif key:find('resque:tsworker:retries:', 1, true) == 1 then add(redis.call('ZRANGE', key, 0, -1))
      elseif key:find('resque:worker:', 1, true) == 1 then add({ redis.call('GET', key) }) end
    end
    local locks = {}
    for _, key in ipairs(redis.call('KEYS', 'resque:tsworker:unique:*')) do
      locks[#locks + 1] = redis.call('GET', key):match('^%S+')
      assert(redis.call('PTTL', key) > 0)
    end
    return { texts, locks }`;
  const [texts, held] = (await redis.client.eval(script)) as unknown as [string[], string[]];
  const tokens = texts.map((text) => /"token":"([\w-]+)","ttl"/.exec(text)?.[1]);
  expect(tokens.sort()).toEqual(held.sort());
}
