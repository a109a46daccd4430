/** Poison pills on a real Redis: deaths are counted, suspects run alone, only what died alone is convicted. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Company } from '../../../src/engine/interfaces.js';
import type { Claim, Outcome } from '../../../src/job.js';
import type { Connection } from '../../../src/redis/connection.js';
import type { Identity } from '../../../src/registry/identity.js';
import { type RecoverOptions, recoverProcess } from '../../../src/registry/recover.js';
import { register } from '../../../src/registry/register.js';
import type { RedisJobStore } from '../../../src/resque/store.js';
import { asError } from '../../../src/thrown.js';
import { assertConserved, leftoverKeys } from '../../support/conservation.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection, testStore } from '../../support/store.js';

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

const DONE: Outcome = { kind: 'done' };
const SUSPECTS = 'resque:tsworker:suspects';
const SOLO = 'resque:tsworker:solo';
/** The slots of testStore. */
const SLOTS: Identity = { namespace: 'resque:', label: 'test.ts', pid: 1, queues: 'q', concurrency: 5 };
const company = (busy: number, turn: Company['turn'] = 'none'): Company => ({ busy, turn });
const job = (n: unknown) => JSON.stringify({ class: 'J', args: [n] });
const sha = (payload: string | Buffer) => createHash('sha1').update(payload).digest('hex');
const done = (claim: Claim) => ({ claim, outcome: DONE });
const payloads = (claims: readonly Claim[]) => claims.map(({ payload }) => payload.toString());
const queue = (name = 'q') => redis.client.lRange(`resque:queue:${name}`, 0, -1);

async function push(...all: (string | Buffer)[]): Promise<void> {
  await redis.client.sAdd('resque:queues', 'q');
  await redis.client.rPush('resque:queue:q', all);
}

let nonces = 0;
function store(queues = 'q', nonce = `n${nonces++}`): RedisJobStore {
  return testStore(connection, queues, nonce);
}

/** Deaths of other processes, so many seconds ago. */
async function suspect(payload: string, ...agos: number[]): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await redis.client.hSet(SUSPECTS, sha(payload), agos.map((ago, i) => `${now - ago}/other${i}`).join(' '));
}

async function deathsOf(payload: string | Buffer): Promise<number> {
  return ((await redis.client.hGet(SUSPECTS, sha(payload))) ?? '').split(' ').filter((death) => death !== '').length;
}

/** A process claims for so many slots, and dies. */
async function die(slots: number, options: RecoverOptions = {}) {
  await register(connection, SLOTS);
  await store().exchange(
    [],
    Array.from({ length: slots }, (_, i) => i),
  );
  return await recoverProcess(connection, SLOTS, options);
}

describe('counting', () => {
  test('a process that dies makes suspects of what it had, and puts all back in order', async () => {
    await push(job(0), job(1), job(2), job(3));
    const recovered = await die(3);
    expect(recovered.map(({ job: held }) => held?.fate)).toEqual(['requeued', 'requeued', 'requeued']);
    expect(await queue()).toEqual([0, 1, 2, 3].map(job));
    expect(await Promise.all([0, 1, 2, 3].map((n) => deathsOf(job(n))))).toEqual([1, 1, 1, 0]);
    expect(await redis.client.sMembers('resque:workers')).toEqual([]);
  });

  test('several equal payloads in one process count one death', async () => {
    await push(job(1), job(1), job(1));
    await die(3);
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('what did not run alone is never convicted, however often its process dies', async () => {
    await push(job(1), job(1));
    await register(connection, SLOTS);
    await store().exchange([], [0, 1]);
    // Two others that had the same payload have died meanwhile.
    await suspect(job(1), 20, 10);
    const recovered = await recoverProcess(connection, SLOTS, {});
    expect(recovered.map((worker) => worker.job?.fate)).toEqual(['requeued', 'requeued']);
    expect(await deathsOf(job(1))).toBe(2);
  });

  test('the turn of a process that died goes to the next at once', async () => {
    await push(job(1), job(2));
    await redis.client.set(SOLO, 'another');
    await die(1);
    expect(await redis.client.get(SOLO)).toBe('another');
    await register(connection, SLOTS);
    await store('q', 'mine').exchange([], [0]);
    await redis.client.set(SOLO, 'mine');
    await recoverProcess(connection, SLOTS, {});
    expect(await redis.client.exists(SOLO)).toBe(0);
  });

  test('without blame the death is not counted', async () => {
    await push(job(1));
    await die(1, { blame: false });
    expect(await redis.client.exists(SUSPECTS)).toBe(0);
    expect(await queue()).toEqual([job(1)]);
  });

  test('the turn of a suspect that had not begun, or had ended, is no death of its own', async () => {
    await suspect(job(1), 20, 10);
    await suspect(job(2), 10);
    await push(job(2));
    expect((await die(1, { begun: new Set() }))[0].job?.fate).toBe('requeued');
    expect(await deathsOf(job(2))).toBe(1);
    await redis.client.del('resque:queue:q');
    await push(job(1));
    expect((await die(1, { begun: new Set(['another']) }))[0].job?.fate).toBe('requeued');
    expect(await deathsOf(job(1))).toBe(2);
    await register(connection, SLOTS);
    const { claims } = await store('q', 'last').exchange([], [0]);
    expect(claims[0]).toMatchObject({ suspect: true, alone: true });
    const [worker] = await recoverProcess(connection, SLOTS, { begun: new Set([claims[0].token]) });
    expect(worker.job?.fate).toBe('convicted');
  });

  test('what nobody suspects is suspected though nobody knows whether it had begun', async () => {
    await push(job(1));
    await die(1, { begun: new Set() });
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('the third death, alone, convicts; the entry says why, and nothing else is left', async () => {
    const payload = '{"class":"J", "args":[1.0]}';
    await push(payload);
    expect((await die(5))[0].job?.fate).toBe('requeued');
    expect((await die(5))[0].job?.fate).toBe('requeued');
    const [worker] = await die(5, { exit: 'pid 1 SIGKILL (signal 9)' });
    expect(worker).toMatchObject({ id: 'test.ts:1-0:q', job: { fate: 'convicted', class: 'J', queue: 'q' } });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(entry).toContain(`"payload":${payload},`);
    expect(JSON.parse(entry)).toMatchObject({
      exception: 'PoisonPillError',
      error: expect.stringMatching(
        /^poison pill: 3 processes died .* \(test\.ts:1, test\.ts:1, test\.ts:1\).* worker test\.ts:1-0:q \(pid 1 SIGKILL/,
      ),
      worker: 'test.ts:1-0:q',
      queue: 'q',
    });
    expect(await assertConserved(redis.client, 1)).toMatchObject({ failed: 1, failedStat: 1 });
    expect(await leftoverKeys(redis.client)).toEqual(['resque:failed']);
  });

  test('deaths older than 72 hours do not count', async () => {
    await push(job(1));
    await suspect(job(1), 72 * 3600 + 5, 72 * 3600 + 5);
    const { claims } = await store().exchange([], [0]);
    expect(claims[0].alone).toBeUndefined();
    await recoverProcess(connection, SLOTS, {});
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('a payload that is no JSON is put back and convicted by its exact bytes', async () => {
    const payload = Buffer.from([0xff, 0x00, 0x7b]);
    await push(payload);
    await die(1);
    await die(1);
    const raw = (await connection.send(['LRANGE', 'resque:queue:q', '0', '-1'], { binary: true })) as Buffer[];
    expect(raw.map((bytes) => bytes.toString('hex'))).toEqual([payload.toString('hex')]);
    expect((await die(1))[0].job?.fate).toBe('convicted');
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(Buffer.from(JSON.parse(entry).payload_base64, 'base64')).toEqual(payload);
  });

  test.each([
    ['done', DONE],
    ['failed', { kind: 'failed', error: asError(new Error('x')) }],
  ] as const)('a job that ends (%s) is no suspect any more', async (_, outcome) => {
    await push(job(1), 'junk');
    await die(2);
    expect(await redis.client.hLen(SUSPECTS)).toBe(2);
    const s = store();
    const { claims } = await s.exchange([], [0, 1]);
    await s.exchange(
      claims.map((claim) => ({ claim, outcome })),
      [],
    );
    expect(await redis.client.exists(SUSPECTS)).toBe(0);
  });

  test('a job that was put back stays one', async () => {
    await push(job(1));
    await die(1);
    const s = store();
    const { claims } = await s.exchange([], [0]);
    await s.exchange([{ claim: claims[0], outcome: { kind: 'requeue' } }], []);
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('a write that is refused leaves the dead worker and its job as they were', async () => {
    await push(job(1));
    await register(connection, SLOTS);
    await store().exchange([], [0]);
    await redis.client.sendCommand(['ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-lpush']);
    const half = await testConnection(redis.uri.replace('unix://', 'unix://half:pw@'));
    await expect(recoverProcess(half, SLOTS, {})).rejects.toThrow(/permission|run this command/i);
    expect(await assertConserved(redis.client, 1)).toMatchObject({ claimed: 1 });
    expect(await redis.client.exists(SUSPECTS)).toBe(0);
    await recoverProcess(connection, SLOTS, {});
    expect(await assertConserved(redis.client, 1)).toMatchObject({ queued: 1 });
  });
});

describe('-on-dead=fail', () => {
  test('the job fails in Resque’s words, and no death is counted', async () => {
    await push(job(1));
    const [worker] = await die(1, { onDead: 'fail', exit: 'pid 1 SIGKILL (signal 9)' });
    expect(worker.job?.fate).toBe('failed');
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry)).toMatchObject({
      exception: 'Resque::DirtyExit',
      error: 'Child process received unhandled signal pid 1 SIGKILL (signal 9)',
      backtrace: [],
    });
    expect(await leftoverKeys(redis.client)).toEqual(['resque:failed']);
    await assertConserved(redis.client, 1);
  });

  test('a process that ended by itself', async () => {
    await push(job(1));
    await die(1, { onDead: 'fail', exit: 'pid 1 exit 3' });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry).error).toBe('Child process ended in the middle of the job: pid 1 exit 3');
  });

  test('where nobody saw how it ended', async () => {
    await push(job(1));
    await die(1, { onDead: 'fail' });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry).error).toBe('Job still being processed');
  });
});

describe('running alone', () => {
  test('after one death it runs like any other', async () => {
    await suspect(job(1), 10);
    await push(job(1), job(2));
    const s = store();
    const { claims, waitsAlone } = await s.exchange([], [0, 1], company(3));
    expect(payloads(claims)).toEqual([job(1), job(2)]);
    expect(claims[0]).toMatchObject({ suspect: true, alone: false });
    expect(claims[1].suspect).toBeUndefined();
    expect(await s.held([0, 1])).toEqual(claims);
    expect(waitsAlone).toBeUndefined();
  });

  test('after two it is claimed by a process that does nothing else, with nothing else', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1), job(2));
    const s = store();
    const { claims, waitsAlone, drained } = await s.exchange([], [0, 1, 2], company(0));
    expect(claims).toMatchObject([{ slot: 0, alone: true, queue: 'q', strict: true }]);
    expect([waitsAlone, drained]).toEqual([undefined, false]);
    expect(await queue()).toEqual([job(2)]);
    expect(await s.held([0, 1])).toEqual(claims);
    expect((await s.exchange([done(claims[0])], [])).settled).toEqual([true]);
    expect(await redis.client.exists([SUSPECTS, SOLO])).toBe(0);
  });

  test('elsewhere it stays at the head, in its place, while the others are claimed', async () => {
    await suspect(job(1), 20, 10);
    await suspect(job(2), 20, 10);
    await push(job(0), job(1), job(2), job(3), job(4), job(5));
    const s = store();
    const first = await s.exchange([], [0, 1, 2], company(1));
    expect(payloads(first.claims)).toEqual([job(0), job(3), job(4)]);
    expect(await queue()).toEqual([job(1), job(2), job(5)]);
    expect(first).toMatchObject({ waitsAlone: 'here', drained: false });
    expect(await redis.client.pTTL(SOLO)).toBeGreaterThan(10_000);
    // Another one has to wait for its turn.
    const other = await store().exchange([], [3, 4], company(1));
    expect(payloads(other.claims)).toEqual([job(5)]);
    expect(other).toMatchObject({ waitsAlone: 'elsewhere', drained: true });
    expect(await queue()).toEqual([job(1), job(2)]);
  });

  test('where it may not be pushed back, what is behind it is not popped', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1), job(2));
    await redis.client.sendCommand(['ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-lpush']);
    const half = await testConnection(redis.uri.replace('unix://', 'unix://half:pw@'));
    await expect(testStore(half, 'q').exchange([], [0], company(1))).rejects.toThrow(/permission|run this command/i);
    expect(await queue()).toEqual([job(1), job(2)]);
  });

  test('looking at it changes nothing, so it wakes nobody', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1));
    let told = 0;
    const watching = await testConnection(redis.uri, { onInvalidate: () => told++ });
    await testStore(watching, 'q', 'watcher').exchange([], [0], company(1));
    for (let i = 0; i < 5; i++) await store().exchange([], [1], company(1));
    await watching.send(['PING']);
    expect(told).toBe(0);
    await push(job(2));
    await watching.send(['PING']);
    expect(told).toBeGreaterThan(0);
  });

  test('with the turn and no other job it comes before every other queue', async () => {
    await suspect(job(1), 20, 10);
    await redis.client.rPush('resque:queue:a', job(9));
    await push(job(1), job(2));
    const s = store('a,q');
    const first = await s.exchange([], [0], company(1));
    expect(payloads(first.claims)).toEqual([job(9)]);
    await redis.client.rPush('resque:queue:a', job(8));
    expect(await s.exchange([], [1, 2], company(1))).toMatchObject({ claims: [{}, {}], waitsAlone: 'here' });
    await redis.client.rPush('resque:queue:a', job(7));
    // While it waits: renewed.
    await redis.client.pExpire(SOLO, 100);
    expect((await s.exchange([], [], company(3, 'keep'))).waitsAlone).toBe('here');
    expect(await redis.client.pTTL(SOLO)).toBeGreaterThan(10_000);
    const solo = await s.exchange([], [3, 4], company(0, 'keep'));
    expect(solo).toMatchObject({ claims: [{ queue: 'q', alone: true }], waitsAlone: 'here' });
    // It has ended, and there is no other: all as before.
    const after = await s.exchange([done(solo.claims[0])], [3], company(0, 'keep'));
    expect(payloads(after.claims)).toEqual([job(7)]);
    expect(after.waitsAlone).toBeUndefined();
    expect(await redis.client.exists(SOLO)).toBe(0);
  });

  test('the turn of another is neither renewed nor released', async () => {
    await redis.client.set(SOLO, 'another', { PX: 5000 });
    const s = store();
    expect((await s.exchange([], [], company(1, 'keep'))).waitsAlone).toBeUndefined();
    expect((await s.exchange([], [], company(1, 'release'))).waitsAlone).toBeUndefined();
    expect(await redis.client.get(SOLO)).toBe('another');
    expect(await redis.client.pTTL(SOLO)).toBeLessThanOrEqual(5000);
  });

  test('who does not want the turn is told that one waits, and takes none', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1), job(2));
    const s = store();
    expect((await s.exchange([], [0], company(1))).waitsAlone).toBe('here');
    const out = await s.exchange([], [1, 2], company(1, 'release'));
    expect(out).toMatchObject({ claims: [], waitsAlone: 'elsewhere', drained: true });
    expect(await redis.client.exists(SOLO)).toBe(0);
    // Alone it needs none.
    expect((await s.exchange([], [1, 2], company(0, 'release'))).claims).toMatchObject([{ alone: true }]);
  });

  test.each([
    ['release', false],
    ['keep', true],
  ] as const)('the turn is given away: %s, paused %s', async (turn, paused) => {
    await suspect(job(1), 20, 10);
    await push(job(1));
    const s = store();
    expect((await s.exchange([], [0], company(1))).waitsAlone).toBe('here');
    if (paused) await redis.client.set('resque:pause-all-workers', 'true');
    expect((await s.exchange([], [], company(1, turn))).waitsAlone).toBeUndefined();
    expect(await redis.client.exists(SOLO)).toBe(0);
  });

  test('where its slot is occupied it goes back, and the next slot takes it', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1), job(2));
    await redis.client.set('resque:worker:test.ts:1-0:q', '{"queue":"x","payload":{}}');
    const { claims, occupied } = await store().exchange([], [0, 1], company(0));
    expect(occupied).toEqual([0]);
    expect(claims).toMatchObject([{ slot: 1, alone: true }]);
    expect(await queue()).toEqual([job(2)]);
  });

  test('more than a hundred that wait are not all looked at, and none is lost', async () => {
    const many = Array.from({ length: 150 }, (_, n) => job(n));
    for (const payload of many) await suspect(payload, 20, 10);
    await push(...many, job('innocent'));
    const s = store();
    const { claims, drained, waitsAlone } = await s.exchange([], [0, 1], company(1));
    expect([claims, drained, waitsAlone]).toEqual([[], true, 'here']);
    expect(await queue()).toEqual([...many, job('innocent')]);
  });
});

describe('out of the books', () => {
  test('nothing is claimed, since nobody would see whose job it is; what ended is reported all the same', async () => {
    const identity = await register(connection, SLOTS);
    const s = testStore(connection, 'q', 'mine', { checkRegistered: true });
    await push(job(1), job(2));
    const { claims } = await s.exchange([], [0]);
    await redis.client.del('resque:worker:test.ts:1-0:q:started');
    const out = await s.exchange([done(claims[0])], [0]);
    expect(out).toMatchObject({ settled: [true], claims: [], unregistered: true, paused: false });
    await register(connection, { ...identity, pid: 2 });
    expect((await s.exchange([], [0])).unregistered).toBe(true);
    await redis.client.set('resque:worker:test.ts:1-0:q:started', 'now');
    expect(await s.exchange([], [0])).toMatchObject({ claims: [{ slot: 0 }], unregistered: false });
  });

  test('a claim of the dead that arrives late takes nothing', async () => {
    await register(connection, SLOTS);
    await push(job(1));
    await recoverProcess(connection, SLOTS, {});
    const late = testStore(connection, 'q', 'dead', { checkRegistered: true });
    await late.exchange([], [0, 1, 2]);
    expect(await assertConserved(redis.client, 1)).toMatchObject({ queued: 1, orphaned: 0 });
  });
});

test('100,000 idle slots of a dead process take seconds', async () => {
  const identity = await register(connection, { ...SLOTS, concurrency: 100_000 });
  await push(job(1));
  await store().exchange([], [77]);
  await redis.client.del('resque:tsworker:solo');
  const recovered = await recoverProcess(connection, identity, {});
  expect(recovered).toHaveLength(1);
  expect(await redis.client.sCard('resque:workers')).toBe(0);
  expect(await queue()).toEqual([job(1)]);
}, 30_000);
