/**
 * Keys of a wrong type, written by another program, with every script: an error changes nothing, and neither an error
 * nor a repeated call duplicates or loses a job.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finish } from '../../src/engine/interfaces.js';
import { readDelayedTimes } from '../../src/inspect/delayed-times.js';
import { entryId } from '../../src/inspect/failed/entry.js';
import { Remover, removalOf } from '../../src/inspect/failed/remove.js';
import { restoreAll } from '../../src/inspect/failed/restore.js';
import { readGlance } from '../../src/inspect/glance.js';
import { readQueueSizes } from '../../src/inspect/queue-sizes.js';
import { takeQueued } from '../../src/inspect/queued.js';
import { queueNameOf } from '../../src/inspect/queues.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection } from '../../src/redis/connection.js';
import { heartbeatText } from '../../src/registry/clock.js';
import { type Identity, workerId } from '../../src/registry/identity.js';
import { countQuarantined } from '../../src/registry/recovery/quarantine.js';
import { recoverWorker } from '../../src/registry/recovery/recover.js';
import { enterAll, register, unregister } from '../../src/registry/register.js';
import { promoteDue, takeDelayed } from '../../src/resque/delayed.js';
import { itemText } from '../../src/resque/delayed-item.js';
import { enqueueDelayed } from '../../src/resque/enqueue.js';
import { takeSample } from '../../src/resque/history.js';
import { createKeys, type Keys } from '../../src/resque/keys.js';
import { lockArgs } from '../../src/resque/lock.js';
import { pushJobs } from '../../src/resque/push.js';
import { pushUnique } from '../../src/resque/push-unique.js';
import { takeRetries } from '../../src/resque/retries.js';
import { envelopeHead } from '../../src/resque/retry-state.js';
import { changeTicks, pauseSchedules, publishSchedule } from '../../src/resque/schedules.js';
import { callScript, SCRIPTS, type ScriptName } from '../../src/resque/scripts/index.js';
import type { NewLock } from '../../src/resque/unique.js';
import { asJobError } from '../../src/thrown.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { type Snapshot, snapshot } from '../support/snapshot.js';
import { NAMESPACE, testStore } from '../support/store.js';

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
  connection = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

const keys = createKeys(NAMESPACE);
const LIVE: Identity = { namespace: NAMESPACE, label: 'test.ts', pid: 1, queues: 'q', concurrency: 3 };
const TIME = '1700000000';
const JOBS = [1, 2, 3, 4, 5, 6];
const payload = (id: number) => `{"class":"J","args":[${id}]}`;
const LIVE_IDS = [0, 1, 2].map((slot) => workerId(LIVE, slot));
const DEAD_IDS = [0, 1, 2].map((slot) => `dead.ts:9-${slot}:q`);

interface Scenario {
  /** Where the jobs are at first: in q unless told. */
  readonly place?: () => Promise<unknown>;
  /** What is called again and again. Made once, before any key is of a wrong type. */
  readonly prepare: () => Promise<() => Promise<unknown>>;
  /** Jobs that each call adds which succeeds. */
  readonly adds?: readonly number[];
  /** Jobs that may be there once after it, and were not before. */
  readonly brings?: readonly number[];
  /** A job that it may count as processed. */
  readonly ends?: number;
  /** What it did before an error stays done, where nothing is lost by that. */
  readonly inParts?: boolean;
}

const enqueued = () => redis.client.multi().sAdd(keys.queues, 'q').rPush(keys.queue('q'), JOBS.map(payload)).exec();

const retryOf = (id: number) => ({ id: `r${id}`, attempt: 2, postponed: 0, firstFailedAt: undefined, errors: [] });

/** Two jobs run again, and stand before the others. */
async function withRetries(): Promise<void> {
  await redis.client.multi().sAdd(keys.queues, 'q').rPush(keys.queue('q'), [3, 4, 5, 6].map(payload)).exec();
  const members = [1, 2].map((id) => ({
    score: id,
    value: `${envelopeHead('q', retryOf(id))}"payload":${payload(id)}}`,
  }));
  await redis.client.zAdd(keys.retriesOf('q'), members);
  await redis.client.zAdd(keys.retries, { score: 1, value: 'q' });
}

/** Claims jobs, and ends each in another way. */
async function finishes(): Promise<() => Promise<unknown>> {
  const store = testStore(connection, 'q');
  const { claims } = await store.ackAndClaim([], [0, 1, 2, 3]);
  const error = asJobError(new Error('boom'));
  const again = { kind: 'retry', error, inMs: 0, counts: true, state: retryOf(9) } as const;
  const outcomes = [{ kind: 'done' }, { kind: 'requeue' }, { kind: 'failed', error }, again] as const;
  const ended = claims.map((claim, i): Finish => ({ claim, outcome: outcomes[i] }));
  return () => store.ackAndClaim(ended, [0, 1, 2, 3]);
}

async function died(): Promise<void> {
  const beat = heartbeatText(Date.now() - 3_600_000);
  await redis.client.sAdd(keys.workers, DEAD_IDS);
  for (const [slot, id] of DEAD_IDS.entries()) {
    await redis.client.hSet(keys.heartbeats, id, beat);
    const token = slot === 2 ? '' : `"token":"abc-1-${slot}",`;
    const retry = slot === 1 ? `"retry":${JSON.stringify({ id: 'r', attempt: 2 })},` : '';
    const record = `{${token}"queue":"q","run_at":"x",${retry}"payload":${payload(slot + 1)}}`;
    await redis.client.set(keys.worker(id), record);
  }
}

async function recoverAll(): Promise<() => Promise<unknown>> {
  const heartbeat = (await redis.client.hGet(keys.heartbeats, DEAD_IDS[0])) as string;
  const dead = DEAD_IDS.map((id) => ({ id, death: 'expired', heartbeat }) as const);
  return () =>
    settled(
      dead.map((one, i) =>
        recoverWorker(connection, keys, one, i === 2 ? { onDead: 'fail' } : { quarantine: i === 0 }),
      ),
    );
}

/** Rejects when one of them does, and only when all have ended. */
async function settled(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(calls)) if (end.status === 'rejected') throw end.reason;
}

const failedEntry = (id: number) =>
  JSON.stringify({ failed_at: 'x', payload: { class: 'J', args: [id] }, error: 'e', worker: 'w', queue: 'q' });

async function unfail(): Promise<() => Promise<unknown>> {
  const remover = new Remover(connection, keys);
  const removals = JOBS.map((id, n) => {
    const raw = Buffer.from(failedEntry(id));
    const from = raw.indexOf('{"class"');
    const job = { queue: n % 2 === 0 ? 'q' : 'other', payload: { from, to: from + payload(id).length } };
    expect(removalOf(n, raw).id).toBe(entryId(raw));
    return removalOf(n, raw, job);
  });
  return () => remover.remove(removals);
}

const TRASH = keys.trashOf('op');

async function intoTrash(): Promise<() => Promise<unknown>> {
  const remover = new Remover(connection, keys, TRASH);
  return () => remover.remove(JOBS.map((id, n) => removalOf(n, Buffer.from(failedEntry(id)))));
}

const item = (id: number) => itemText(payload(id), 'q');
async function delayed(): Promise<void> {
  await redis.client.zAdd(keys.delayedTimes, { score: Number(TIME), value: TIME });
  await redis.client.rPush(keys.delayedAt(TIME), JOBS.map(item));
  for (const id of JOBS) await redis.client.sAdd(keys.delayedItem(item(id)), `delayed:${TIME}`);
}

const registered = async () => {
  await enqueued();
  await register(connection, LIVE);
};

const lockOf = (id: number): NewLock => {
  const lock = { key: `J:${id}`, token: 'token', ttl: 60, untilStarted: false, borne: true };
  return { ...lock, onConflict: 'replace' };
};

const SCENARIOS: Readonly<Record<ScriptName | 'unfailToTrash', Scenario>> = {
  ackAndClaim: { place: withRetries, prepare: finishes, ends: 1, inParts: true },
  claimLarge: {
    place: () => redis.client.rPush(keys.queue('q'), `{"class":"J","args":[1],"x":"${'x'.repeat(1_100_000)}"}`),
    prepare: async () => {
      const store = testStore(connection, 'q');
      return () => store.ackAndClaim([], [0, 1]);
    },
  },
  countQuarantined: {
    place: () =>
      redis.client.multi().sAdd(keys.quarantines, ['q', 'other']).rPush(keys.quarantine('q'), JOBS.map(payload)).exec(),
    prepare: async () => () => countQuarantined(connection, keys),
  },
  register: { prepare: async () => () => register(connection, LIVE), inParts: true },
  enter: { place: registered, prepare: async () => () => enterAll(connection, LIVE, Date.now() + 60_000) },
  unregister: { place: registered, prepare: async () => () => unregister(connection, LIVE) },
  recover: { place: died, prepare: recoverAll, inParts: true },
  unfail: { place: () => redis.client.rPush(keys.failed, JOBS.map(failedEntry)), prepare: unfail },
  peekLists: {
    place: delayed,
    prepare: async () => () => readDelayedTimes(connection, keys, { from: 0, times: 5, jobs: 2 }),
    inParts: true,
  },
  glance: { prepare: async () => () => readGlance(connection, keys, '') },
  sample: { prepare: async () => () => takeSample(connection, keys) },
  sizes: {
    prepare: async () => {
      const names = ['q', 'other'].map((name) => queueNameOf(Buffer.from(name)));
      return () => readQueueSizes(connection, keys, names, () => true);
    },
  },
  unfailToTrash: { place: () => redis.client.rPush(keys.failed, JOBS.map(failedEntry)), prepare: intoTrash },
  restore: {
    place: () => redis.client.rPush(TRASH, JOBS.map(failedEntry)),
    prepare: async () => () => restoreAll(connection, keys, TRASH, 4),
  },
  enqueue: {
    brings: [7, 8],
    prepare: async () => {
      const batch = { marker: keys.enqueued('nonce'), number: 1, rememberedS: 60 };
      const jobs = [7, 8].map((id) => ({ queue: id === 7 ? 'q' : 'other', payload: payload(id) }));
      return () => pushJobs(connection, keys, jobs, batch);
    },
  },
  pushUnique: {
    brings: [7, 8],
    prepare: async () => {
      const batch = { marker: keys.enqueued('nonce'), number: 1, rememberedS: 60 };
      const jobs = [7, 8].map((id) => ({ queue: id === 7 ? 'q' : 'other', payload: payload(id), lock: lockOf(id) }));
      return () => pushUnique(connection, keys, jobs, batch);
    },
  },
  settleLocks: {
    place: async () => {
      await enqueued();
      for (const id of [7, 8]) await redis.client.set(keys.unique(`J:${id}`), 'token', { PX: 60_000 });
    },
    prepare: async () => async () => {
      const args = [7, 8].flatMap((id) => lockArgs(keys, lockOf(id), id === 7 ? 'release' : { renewMs: 0 }));
      await callScript(connection, SCRIPTS.settleLocks, [keys.never], args);
    },
  },
  delay: {
    adds: [7, 8],
    prepare: async () => {
      const jobs = [7, 8].map((id) => ({ queue: 'q', class: 'J', args: [id] }));
      const due = [{ at: new Date(Number(TIME) * 1000) }, { inMs: 60_000 }];
      return () =>
        enqueueDelayed(
          connection,
          keys,
          jobs.map((job, i) => ({ ...job, due: due[i] })),
        );
    },
  },
  promote: {
    place: delayed,
    prepare: async () => () => promoteDue(connection, keys, { name: 'me', leaseMs: 1000, locks: ['resque:lock'] }),
    // It keeps the lease.
    inParts: true,
  },
  publishSchedule: {
    prepare: async () => () => publishSchedule(connection, keys, { app: 'a', startedMs: 1, set: '{}' }),
  },
  tick: {
    brings: [7, 8],
    prepare: async () => {
      const change = (id: number) => ({ name: `n${id}`, seen: '', value: 'f,1,2,me', ruby: id === 7 });
      const changes = [7, 8].map((id) => ({ ...change(id), queue: id === 7 ? 'q' : 'other', payloads: [payload(id)] }));
      return () => changeTicks(connection, keys, changes, { revision: '', locks: ['resque:lock'], nowMs: 0 });
    },
  },
  pauseSchedule: { prepare: async () => () => pauseSchedules(connection, keys, ['n7'], true) },
  takeRetries: {
    place: withRetries,
    prepare: async () => () =>
      takeRetries(
        connection,
        keys,
        [1, 2].map((id) => ({
          queue: 'q',
          envelope: Buffer.from(`${envelopeHead('q', retryOf(id))}"payload":${payload(id)}}`),
          destination:
            id === 1
              ? { to: 'queue', payload: Buffer.from(payload(id)) }
              : { to: 'failed', entry: Buffer.from(failedEntry(id)) },
        })),
      ),
  },
  takeQueued: {
    prepare: async () => async () => {
      const [from, to] = ['q', 'other'].map((name) => queueNameOf(Buffer.from(name)));
      for await (const _ of takeQueued(connection, keys, from, { filter: {}, to }));
    },
  },
  takeDelayed: {
    place: delayed,
    prepare: async () => () =>
      takeDelayed(
        connection,
        keys,
        JOBS.map((id) => ({
          ...{ time: TIME, item: Buffer.from(item(id)) },
          destination:
            id % 2 === 0 ? { to: 'queue', queue: 'q', payload: payload(id) } : { to: 'failed', entry: failedEntry(id) },
        })),
      ),
  },
};

/** Every key that a script may use here. */
function keysInPlay(all: Keys): string[] {
  const fixed = Object.values(all).filter((value): value is string => typeof value === 'string');
  const queues = ['q', 'other'].flatMap((queue) => [
    all.queue(queue),
    all.quarantine(queue),
    all.retriesOf(queue),
    all.pauseOf(queue),
  ]);
  const ids = [...LIVE_IDS.slice(0, 2), ...DEAD_IDS.slice(0, 2)];
  const workers = ids.flatMap((id) => [all.worker(id), all.started(id), all.processedBy(id), all.failuresOf(id)]);
  return [
    TRASH,
    ...fixed,
    ...queues,
    ...workers,
    all.delayedAt(TIME),
    all.delayedItem(item(1)),
    all.enqueued('nonce'),
    all.unique('J:7'),
  ];
}

const KEYS = keysInPlay(keys);
const TYPES = {
  text: (key: string) => ['SET', key, 'junk'],
  largest: (key: string) => ['SET', key, '9223372036854775807'],
  list: (key: string) => ['RPUSH', key, 'junk'],
  set: (key: string) => ['SADD', key, 'junk'],
  hash: (key: string) => ['HSET', key, 'junk', 'junk'],
  zset: (key: string) => ['ZADD', key, '1', 'junk'],
} as const;
type Wrong = readonly [key: string, type: keyof typeof TYPES];

/** How often each job is there, wherever; a lock that holds a copy of its payload is no place for a job. */
function copies(seen: Snapshot): Readonly<Record<number, number>> {
  const texts = seen.filter(([key]) => !key.includes(':unique:')).flatMap(([, , value]) => value.map(String));
  const count = (id: number) => texts.filter((text) => text.includes(`"args":[${id}]`)).length;
  return Object.fromEntries([...JOBS, 7, 8].map((id) => [id, count(id)]));
}

/** @returns how often it succeeded */
async function check(scenario: Scenario, wrong: readonly Wrong[]): Promise<number> {
  await redis.client.flushAll();
  await (scenario.place ?? enqueued)();
  const call = await scenario.prepare();
  for (const [key, type] of wrong) {
    await redis.client.del(key);
    await redis.client.sendCommand([...TYPES[type](key)]);
  }
  let before = await snapshot(redis.client);
  const first = copies(before);
  let succeeded = 0;
  for (let n = 0; n < 3; n++) {
    const error = await call().then(
      () => undefined,
      (reason: Error) => reason,
    );
    const after = await snapshot(redis.client);
    if (error === undefined) succeeded++;
    else if (!scenario.inParts) expect(after, String(error)).toEqual(before);
    const found = copies(after);
    for (const id of [...JOBS, 7, 8]) {
      const wanted = first[id] + (scenario.adds?.includes(id) ? succeeded : 0);
      const allowed = [wanted];
      if (scenario.brings?.includes(id)) allowed.push(succeeded > 0 ? 1 : 0);
      if (scenario.ends === id) allowed.push(0);
      expect(allowed, `job ${id} after call ${n + 1}, ${error}`).toContain(found[id]);
    }
    before = after;
  }
  return succeeded;
}

const wrongKeys = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...(Object.keys(TYPES) as (keyof typeof TYPES)[]))),
  { minLength: 1, maxLength: 3, selector: ([key]) => key },
);

test('every script has a scenario', () => {
  expect(Object.keys(SCENARIOS).sort()).toEqual([...Object.keys(SCRIPTS), 'unfailToTrash'].sort());
});

test.each(Object.keys(SCENARIOS) as (keyof typeof SCENARIOS)[])(
  '%s',
  async (name) => {
    expect(await check(SCENARIOS[name], [])).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(wrongKeys, async (wrong) => void (await check(SCENARIOS[name], wrong))),
      { numRuns: name === 'claimLarge' ? 20 : 100 },
    );
  },
  60_000,
);
