/** Poison pills on a real Redis: deaths are counted, the second leads to the quarantine, only a third there to `failed`. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finish } from '../../../src/engine/interfaces.js';
import type { Outcome } from '../../../src/job.js';
import type { Connection } from '../../../src/redis/connection.js';
import type { Identity } from '../../../src/registry/identity.js';
import {
  type Recovered,
  type RecoverOptions,
  recoverProcess,
  recoverWorker,
} from '../../../src/registry/recovery/recover.js';
import { register } from '../../../src/registry/register.js';
import { createKeys } from '../../../src/resque/keys.js';
import type { RedisJobStore, StoreOptions } from '../../../src/resque/store.js';
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
const QUARANTINE = 'resque:tsworker:quarantine';
/** The slots of testStore. */
const SLOTS: Identity = { namespace: 'resque:', label: 'test.ts', pid: 1, queues: 'q', concurrency: 5 };
const job = (n: unknown) => JSON.stringify({ class: 'J', args: [n] });
const sha = (payload: string | Buffer) => createHash('sha1').update(payload).digest('hex');
const queue = () => redis.client.lRange('resque:queue:q', 0, -1);
const quarantine = () => redis.client.lRange(`${QUARANTINE}:q`, 0, -1);

async function push(...all: (string | Buffer)[]): Promise<void> {
  await redis.client.sAdd('resque:queues', 'q');
  await redis.client.rPush('resque:queue:q', all);
}

let nonces = 0;
function store(more: Partial<StoreOptions> = {}): RedisJobStore {
  return testStore(connection, 'q', `n${nonces++}`, more);
}

/** Deaths of other processes, so many seconds ago. */
async function suspect(payload: string, ...agos: number[]): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await redis.client.hSet(SUSPECTS, sha(payload), agos.map((ago, i) => `${now - ago}/other${i}`).join(' '));
}

async function deathsOf(payload: string | Buffer): Promise<number> {
  return ((await redis.client.hGet(SUSPECTS, sha(payload))) ?? '').split(' ').filter((death) => death !== '').length;
}

interface Dying extends RecoverOptions {
  /** It is a quarantine child. */
  readonly inQuarantine?: boolean;
}

/** A process claims for so many slots, and dies. A supervisor recovers it. */
async function die(slots: number, { inQuarantine = false, ...options }: Dying = {}) {
  await register(connection, SLOTS);
  await store({ quarantine: inQuarantine }).ackAndClaim(
    [],
    Array.from({ length: slots }, (_, i) => i),
  );
  return await recoverProcess(connection, SLOTS, { quarantine: true, ...options });
}

const outcomes = (recovered: readonly Recovered[]) => recovered.map(({ job: held }) => held?.outcome);

describe('counting', () => {
  test('a process that dies leaves a note of it for each job it had, and puts all back in order', async () => {
    await push(job(0), job(1), job(2), job(3));
    const recovered = await die(3);
    expect(outcomes(recovered)).toEqual(['requeued', 'requeued', 'requeued']);
    expect(await queue()).toEqual([0, 1, 2, 3].map(job));
    expect(await Promise.all([0, 1, 2, 3].map((n) => deathsOf(job(n))))).toEqual([1, 1, 1, 0]);
    expect(await redis.client.sMembers('resque:workers')).toEqual([]);
  });

  test('several equal payloads in one process count one death', async () => {
    await push(job(1), job(1), job(1));
    await die(3);
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('where it does not count as one the death is not counted', async () => {
    await push(job(1));
    await die(1, { countsAsDeath: false });
    expect(await redis.client.exists(SUSPECTS)).toBe(0);
    expect(await queue()).toEqual([job(1)]);
  });

  test('the second death leads to the quarantine, in order; what stood behind goes on at once', async () => {
    for (const n of [0, 1, 2]) await suspect(job(n), 10);
    await push(job(0), job(1), job(2), job(3));
    expect(outcomes(await die(3))).toEqual(['quarantined', 'quarantined', 'quarantined']);
    expect(await quarantine()).toEqual([0, 1, 2].map(job));
    expect(await redis.client.sMembers(QUARANTINE)).toEqual(['q']);
    expect(await assertConserved(redis.client, 4)).toMatchObject({ quarantined: 3 });
    const { claims } = await store().ackAndClaim([], [0, 1]);
    expect(claims.map(({ payload }) => payload.toString())).toEqual([job(3)]);
  });

  test('300 jobs that were in flight at two crashes do not delay 50 behind them', async () => {
    const identity = { ...SLOTS, concurrency: 300 };
    const slots = Array.from({ length: 300 }, (_, slot) => slot);
    await push(...slots.map((n) => job(n)), ...Array.from({ length: 50 }, (_, n) => job(`good ${n}`)));
    for (const outcome of ['requeued', 'quarantined']) {
      await register(connection, identity);
      await store().ackAndClaim([], slots);
      const recovered = await recoverProcess(connection, identity, { quarantine: true });
      expect(new Set(outcomes(recovered))).toEqual(new Set([outcome]));
    }
    const { claims } = await store().ackAndClaim([], slots);
    expect(claims.map(({ payload }) => payload.toString())).toEqual(
      Array.from({ length: 50 }, (_, n) => job(`good ${n}`)),
    );
    expect(await quarantine()).toEqual(slots.map((n) => job(n)));
  });

  test('the third death, in quarantine, makes it a poison pill; the entry says why, and nothing else is left', async () => {
    const payload = '{"class":"J", "args":[1.0]}';
    await push(payload);
    expect(outcomes(await die(5))).toEqual(['requeued']);
    expect(outcomes(await die(5))).toEqual(['quarantined']);
    const [worker] = await die(1, { inQuarantine: true, exit: 'pid 1 SIGKILL (signal 9)' });
    expect(worker).toMatchObject({ id: 'test.ts:1-0:q', job: { outcome: 'poison_pill', class: 'J', queue: 'q' } });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(entry).toContain(`"payload":${payload},`);
    expect(JSON.parse(entry)).toMatchObject({
      exception: 'PoisonPillError',
      error:
        'poison pill: 3 processes died within 72 hours while they ran this job (test.ts:1, test.ts:1, test.ts:1), ' +
        'the last of them in quarantine, where it ran alone: worker test.ts:1-0:q (pid 1 SIGKILL (signal 9))',
      worker: 'test.ts:1-0:q',
      queue: 'q',
    });
    expect(await assertConserved(redis.client, 1)).toMatchObject({ failed: 1, failedStat: 1 });
    expect(await leftoverKeys(redis.client)).toEqual(['resque:failed', QUARANTINE]);
  });

  test('a third death outside of the quarantine leads there, and one place is kept open for the death in it', async () => {
    await suspect(job(1), 20, 10);
    await push(job(1));
    expect(outcomes(await die(5))).toEqual(['quarantined']);
    expect(await deathsOf(job(1))).toBe(2);
    expect(outcomes(await die(1, { inQuarantine: true }))).toEqual(['poison_pill']);
  });

  test('without a supervisor the third death fails it, and it is never quarantined', async () => {
    await push(job(1), job(2));
    const alone = { quarantine: false };
    expect(outcomes(await die(2, alone))).toEqual(['requeued', 'requeued']);
    expect(outcomes(await die(2, alone))).toEqual(['requeued', 'requeued']);
    expect(await queue()).toEqual([job(1), job(2)]);
    expect(outcomes(await die(1, alone))).toEqual(['poison_pill']);
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry).error).toBe(
      'poison pill: 3 processes died within 72 hours while they ran this job ' +
        '(test.ts:1, test.ts:1, test.ts:1): worker test.ts:1-0:q (it died)',
    );
    expect(await redis.client.exists(QUARANTINE)).toBe(0);
    await assertConserved(redis.client, 2);
  });

  test('a job of the quarantine that had not begun, or had ended, goes back there without a death', async () => {
    await suspect(job(1), 20, 10);
    await redis.client.sAdd(QUARANTINE, 'q');
    await redis.client.rPush(`${QUARANTINE}:q`, [job(1), job(2)]);
    expect(outcomes(await die(1, { inQuarantine: true, begun: new Set(['another']) }))).toEqual(['quarantined']);
    expect(await deathsOf(job(1))).toBe(2);
    expect(await quarantine()).toEqual([job(1), job(2)]);
    await register(connection, SLOTS);
    const { claims } = await store({ quarantine: true }).ackAndClaim([], [0]);
    const begun = new Set([claims[0].token]);
    expect(outcomes(await recoverProcess(connection, SLOTS, { quarantine: true, begun }))).toEqual(['poison_pill']);
  });

  test('outside of the quarantine a death counts, since nobody tells what had begun', async () => {
    await push(job(1));
    await die(1, { begun: new Set() });
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('deaths older than 72 hours do not count', async () => {
    await push(job(1));
    await suspect(job(1), 72 * 3600 + 5, 72 * 3600 + 5);
    expect(outcomes(await die(1))).toEqual(['requeued']);
    expect(await deathsOf(job(1))).toBe(1);
  });

  test('a payload that is no JSON keeps its exact bytes all the way', async () => {
    const payload = Buffer.from([0xff, 0x00, 0x7b]);
    const stored = async (key: string) => {
      const raw = (await connection.send(['LRANGE', key, '0', '-1'], { binary: true })) as Buffer[];
      return raw.map((bytes) => bytes.toString('hex'));
    };
    await push(payload);
    await die(1);
    expect(await stored('resque:queue:q')).toEqual([payload.toString('hex')]);
    await die(1);
    expect(await stored(`${QUARANTINE}:q`)).toEqual([payload.toString('hex')]);
    expect(outcomes(await die(1, { inQuarantine: true }))).toEqual(['poison_pill']);
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(Buffer.from(JSON.parse(entry).payload_base64, 'base64')).toEqual(payload);
  });

  test('a write that is refused leaves the dead worker and its job as they were', async () => {
    await push(job(1));
    await register(connection, SLOTS);
    await store().ackAndClaim([], [0]);
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
    expect(worker.job?.outcome).toBe('failed');
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

describe('the store of a quarantine child', () => {
  beforeEach(async () => {
    await redis.client.sAdd(QUARANTINE, 'q');
    await redis.client.rPush(`${QUARANTINE}:q`, [job(1), 'junk']);
    await push(job(3));
    await suspect(job(1), 20, 10);
    await suspect('junk', 20, 10);
  });

  test('claims what is in quarantine, under the name of the queue, and finds its claims again', async () => {
    const s = store({ quarantine: true });
    const { claims, drained } = await s.ackAndClaim([], [0, 1, 2]);
    expect(claims).toMatchObject([
      { queue: 'q', payload: Buffer.from(job(1)), strict: true },
      { queue: 'q', payload: Buffer.from('junk'), strict: false },
    ]);
    expect(drained).toBe(true);
    expect(await s.held([0, 1, 2])).toEqual(claims);
    const record = JSON.parse((await redis.client.get('resque:worker:test.ts:1-0:q')) ?? '');
    expect(record).toMatchObject({ queue: 'q', payload: { class: 'J' } });
    expect(await queue()).toEqual([job(3)]);
  });

  test.each([
    ['done', DONE],
    ['failed', { kind: 'failed', error: asError(new Error('x')) }],
  ] as const)('the deaths of a job that ends there (%s) are forgotten', async (_, outcome) => {
    const s = store({ quarantine: true });
    const { claims } = await s.ackAndClaim([], [0, 1]);
    await s.ackAndClaim(
      claims.map((claim) => ({ claim, outcome })),
      [],
    );
    expect(await redis.client.exists(SUSPECTS)).toBe(0);
    await assertConserved(redis.client, 3);
  });

  test('what is put back goes back to the head of the quarantine, and keeps its deaths', async () => {
    const s = store({ quarantine: true });
    const { claims } = await s.ackAndClaim([], [0, 1]);
    const back = [...claims].reverse().map((claim): Finish => ({ claim, outcome: { kind: 'requeue' } }));
    await s.ackAndClaim(back, []);
    expect(await quarantine()).toEqual([job(1), 'junk']);
    expect(await deathsOf(job(1))).toBe(2);
    expect(await queue()).toEqual([job(3)]);
  });

  test('is told when something comes there', async () => {
    let told = 0;
    const watching = await testConnection(redis.uri, { onInvalidate: () => told++ });
    await testStore(watching, 'q', 'watcher', { quarantine: true }).ackAndClaim([], [0, 1, 2]);
    await push(job(4));
    await watching.send(['PING']);
    expect(told).toBe(0);
    await redis.client.rPush(`${QUARANTINE}:q`, job(5));
    await watching.send(['PING']);
    expect(told).toBeGreaterThan(0);
  });
});

describe('keys of another type', () => {
  const DEATH = { id: 'test.ts:1-0:q', death: 'seen', heartbeat: '*' } as const;
  const KEYS = createKeys('resque:');

  test.each(['workers', 'workers:heartbeat', 'tsworker:suspects', 'stat:failed', 'stat:processed:test.ts:1-0:q'])(
    '%s: the job is put back once, and the worker is out',
    async (key) => {
      await push(job(1));
      await register(connection, SLOTS);
      await store().ackAndClaim([], [0]);
      await redis.client.del(`resque:${key}`);
      await redis.client.set(`resque:${key}`, 'text');
      for (let times = 0; times < 3; times++) await recoverWorker(connection, KEYS, DEATH, { quarantine: true });
      expect(await queue()).toEqual([job(1)]);
      expect(await redis.client.exists('resque:worker:test.ts:1-0:q')).toBe(0);
    },
  );

  test.each(['queues', 'queue:q'])('%s: the job stays where it is until that is put right', async (key) => {
    await push(job(1));
    await register(connection, SLOTS);
    await store().ackAndClaim([], [0]);
    await redis.client.del(`resque:${key}`);
    await redis.client.hSet(`resque:${key}`, 'a', 'hash');
    for (let times = 0; times < 3; times++)
      await expect(recoverWorker(connection, KEYS, DEATH, {})).rejects.toThrow('WRONGTYPE');
    expect(await redis.client.sIsMember('resque:workers', DEATH.id)).toBe(1);
    await redis.client.del(`resque:${key}`);
    await recoverWorker(connection, KEYS, DEATH, {});
    expect(await queue()).toEqual([job(1)]);
    await assertConserved(redis.client, 1);
  });

  test('a record of another type holds no job, and goes with its worker', async () => {
    await register(connection, SLOTS);
    await redis.client.rPush('resque:worker:test.ts:1-0:q', 'list');
    expect(await recoverWorker(connection, KEYS, DEATH, {})).toMatchObject({ job: undefined });
    expect(await redis.client.exists('resque:worker:test.ts:1-0:q')).toBe(0);
  });
});

test('100,000 idle slots of a dead process take seconds', async () => {
  const identity = await register(connection, { ...SLOTS, concurrency: 100_000 });
  await push(job(1));
  await store().ackAndClaim([], [77]);
  const recovered = await recoverProcess(connection, identity, {});
  expect(recovered).toHaveLength(1);
  expect(await redis.client.sCard('resque:workers')).toBe(0);
  expect(await queue()).toEqual([job(1)]);
}, 30_000);
