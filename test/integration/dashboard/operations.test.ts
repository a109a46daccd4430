/** Bulk operations: limited to what was confirmed, cancelled, undone, interrupted; and races with other clients. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type OperationPlan, Operations } from '../../../src/dashboard/operations/operations.js';
import type { OperationRecord } from '../../../src/dashboard/operations/record.js';
import { Redactor } from '../../../src/dashboard/redact/redactor.js';
import { FailedList } from '../../../src/inspect/failed/list.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { entryText, idsIn, keys, meddled, pushFailed } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
let connection: Connection;
const open = () => connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
beforeAll(async () => {
  redis = await startRedis();
  connection = await open();
});
beforeEach(() => redis.client.flushAll());
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

interface Started {
  readonly operations: Operations;
  readonly taken: string[];
  readonly log: object[];
}

function newOperations(via: Connection = connection): Started {
  const taken: string[] = [];
  const log: object[] = [];
  const operations = new Operations({
    ...{ connection: via, keys, redactor: new Redactor() },
    onTaken: (ids) => taken.push(...ids),
    log: { info: (fields) => void log.push(fields) },
  });
  return { operations, taken, log };
}

async function planFor(kind: 'retry' | 'remove', more: Partial<OperationPlan> = {}): Promise<OperationPlan> {
  const list = new FailedList(connection, keys);
  const length = await list.length();
  return { kind, title: 'all', filter: {}, agreed: length, upTo: await list.anchors(length), ...more };
}

async function ended({ operations }: Started, { id }: OperationRecord): Promise<OperationRecord> {
  return await until(async () => {
    const record = await operations.records.read(id);
    const isOver = record?.state !== 'running' && (await redis.client.get(keys.operation)) !== id;
    return isOver ? record : undefined;
  });
}

const failedIds = async () => idsIn(await redis.client.lRange(keys.failed, 0, -1));
const queuedIds = async (queue = 'mail') => idsIn(await redis.client.lRange(keys.queue(queue), 0, -1));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const fill = (count: number) =>
  pushFailed(
    redis.client,
    range(0, count).map((id) => entryText(id)),
  );

describe('an operation', () => {
  test('retries what was there when it was agreed to, and tells of it', async () => {
    await fill(1500);
    const plan = await planFor('retry', { filter: { class: 'Mail' }, title: 'Mail' });
    await pushFailed(redis.client, [entryText(5000)]);
    const started = newOperations();
    const record = await started.operations.start(plan, 'ada');
    expect(record).toMatchObject({ kind: 'retry', state: 'running', user: 'ada', agreed: 1500, done: 0 });
    expect(await ended(started, record)).toMatchObject({ state: 'done', done: 1500, left: [], title: 'Mail' });
    expect(await queuedIds()).toEqual(range(0, 1500));
    expect(await failedIds()).toEqual([5000]);
    expect(started.taken.length).toBe(1500);
    expect(started.log).toMatchObject([{ operation: { kind: 'retry', user: 'ada', done: 1500, state: 'done' } }]);
    const [payloads] = await started.operations.records.readPayloads([record.id]);
    expect(payloads.size).toBe(1000);
    expect(await redis.client.get(keys.operation)).toBeNull();
    expect(await redis.client.ttl(keys.operations)).toBeGreaterThan(89 * 86_400);
  });

  test('takes no more than was agreed to, and says what it left', async () => {
    await fill(20);
    await pushFailed(redis.client, [entryText(20, { retried_at: 'now' }), entryText(21), entryText(22)]);
    const started = newOperations();
    const all = await started.operations.start(await planFor('retry', { to: 'slow', agreed: 21 }), 'ada');
    expect(await ended(started, all)).toMatchObject({
      ...{ state: 'done', done: 21, to: 'slow' },
      left: [{ why: expect.stringContaining('retried it already'), jobs: 1 }],
    });
    expect(await queuedIds('slow')).toEqual([...range(0, 20), 21]);
    const two = await started.operations.start(await planFor('remove', { agreed: 1 }), 'ada');
    expect(await ended(started, two)).toMatchObject({ state: 'done', done: 1, left: [] });
  });

  test('finds what is shown of an entry, and never what is masked', async () => {
    await pushFailed(redis.client, [
      entryText(1, { payload: { class: 'Mail', args: [1, { password: 'hunter2' }] }, error: 'password=hunter2' }),
      entryText(2, { error: 'hunter2 is a good film' }),
    ]);
    const started = newOperations();
    const record = await started.operations.start(await planFor('remove', { filter: { text: 'HUNTER2' } }), 'ada');
    expect(await ended(started, record)).toMatchObject({ done: 1 });
    expect(
      idsIn((await redis.client.lRange(keys.failed, 0, -1)).map((text) => text.replace(',{"password":"hunter2"}', ''))),
    ).toEqual([1]);
  });

  test('runs alone in its namespace, and is cancelled by any dashboard', async () => {
    await fill(300);
    const [one, other] = [newOperations(), newOperations(await open())];
    const record = await one.operations.start(await planFor('retry', { rate: 20 }), 'ada');
    await expect(other.operations.start(await planFor('remove'), 'bob')).rejects.toThrow(/another operation runs/);
    await expect(one.operations.start(await planFor('remove'), 'bob')).rejects.toThrow(/another operation runs/);
    await until(async () => (await queuedIds()).length > 3);
    await other.operations.cancel(record.id);
    const { state, done } = await ended(other, record);
    expect(state).toBe('cancelled');
    expect(done).toBe((await queuedIds()).length);
    expect(done).toBeLessThan(300);
    expect((await failedIds()).length).toBe(300 - done);
    const next = await other.operations.start(await planFor('remove'), 'bob');
    expect(await ended(other, next)).toMatchObject({ state: 'done', done: 300 - done });
    expect((await one.operations.records.list()).map(({ id }) => id)).toEqual([next.id, record.id]);
  });

  test('is broken off with its process: what was done stands, and it is shown as interrupted', async () => {
    await fill(200);
    const dying = newOperations(await open());
    let died = false;
    // From then on no command of it arrives, as after kill -9.
    const cut = meddled(connection, async () => {
      if (died) throw new Error('the process is gone');
    });
    const doomed = newOperations(cut);
    const record = await doomed.operations.start(await planFor('retry', { rate: 30 }), 'ada');
    await until(async () => (await queuedIds()).length > 5);
    died = true;
    const done = await until(async () => {
      const before = (await queuedIds()).length;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return before === (await queuedIds()).length ? before : undefined;
    });
    await assertConserved(redis.client, 200);
    expect(await redis.client.ttl(keys.operation)).toBeGreaterThan(0);
    expect(await dying.operations.records.read(record.id)).toMatchObject({ state: 'running' });
    await redis.client.del(keys.operation);
    expect(await dying.operations.records.read(record.id)).toMatchObject({ state: 'interrupted' });
    const again = await dying.operations.start(await planFor('retry'), 'ada');
    expect(await ended(dying, again)).toMatchObject({ state: 'done', done: 200 - done });
    expect((await queuedIds()).sort((a, b) => a - b)).toEqual(range(0, 200));
  });

  test('ends with its dashboard, after its step', async () => {
    await fill(100);
    const started = newOperations();
    const record = await started.operations.start(await planFor('retry', { rate: 10 }), 'ada');
    await until(async () => (await queuedIds()).length > 0);
    await started.operations.close();
    expect(await started.operations.records.read(record.id)).toMatchObject({
      state: 'interrupted',
      done: (await queuedIds()).length,
    });
    expect(await redis.client.get(keys.operation)).toBeNull();
    await expect(started.operations.start(await planFor('retry'), 'ada')).rejects.toThrow();
  });

  test('that Redis refuses has failed, and says why', async () => {
    await fill(10);
    const started = newOperations();
    await redis.client.set(keys.queues, 'no set');
    const record = await started.operations.start(await planFor('retry'), 'ada');
    expect(await ended(started, record)).toMatchObject({
      done: 0,
      left: [{ why: expect.stringContaining('WRONGTYPE'), jobs: 10 }],
    });
    expect(await failedIds()).toEqual(range(0, 10));
  });
});

describe('a removal', () => {
  test('can be undone for an hour', async () => {
    await fill(700);
    const before = await redis.client.lRange(keys.failed, 0, -1);
    const started = newOperations();
    const record = await started.operations.start(await planFor('remove', { keeps: true }), 'ada');
    const removal = await ended(started, record);
    expect(removal).toMatchObject({ done: 700, undoUntil: expect.any(Number) });
    expect(await redis.client.ttl(keys.trashOf(record.id))).toBeGreaterThan(3500);
    await assertConserved(redis.client, 700);
    await pushFailed(redis.client, [entryText(9000)]);
    const undo = await started.operations.undo(removal, 'bob');
    expect(await ended(started, undo)).toMatchObject({ kind: 'undo', done: 700, undoes: record.id, user: 'bob' });
    expect(await redis.client.lRange(keys.failed, 0, -1)).toEqual([entryText(9000), ...before]);
    const undone = await started.operations.records.read(record.id);
    expect(undone?.undoUntil).toBeUndefined();
    expect(undone?.undoneBy).toBe(undo.id);
    const twice = await started.operations.undo(removal, 'bob');
    expect(await ended(started, twice)).toMatchObject({ done: 0 });
    await assertConserved(redis.client, 701);
  });

  test('stops where its entries are larger than can be kept', async () => {
    const large = 'x'.repeat(1_000_000);
    await pushFailed(
      redis.client,
      range(0, 30).map((id) => entryText(id, { note: large })),
    );
    const started = newOperations();
    const record = await started.operations.start(await planFor('remove', { keeps: true }), 'ada');
    const { state, problem, done } = await ended(started, record);
    expect([state, problem]).toEqual(['failed', expect.stringContaining('larger than can be kept')]);
    expect(done).toBeLessThan(30);
    expect((await countJobs(redis.client)).trashed).toBe(done);
    await assertConserved(redis.client, 30);
  }, 30_000);
});

test('records: two hundred are kept, and what others wrote there is passed over', async () => {
  const { operations } = newOperations();
  for (let i = 0; i < 205; i++)
    await operations.note(
      operations.newRecord(
        { kind: 'retry', title: `t${i}`, filter: {}, user: 'ada', agreed: 1 },
        1_700_000_000_000 + i,
      ),
      [],
    );
  await redis.client.hSet(keys.operations, { bad: 'junk', worse: '{"id":"../etc","startedAt":1}', zzzzzzzzz: 'null' });
  const records = await operations.records.list();
  expect(records.length).toBe(200);
  expect(records[0].title).toBe('t204');
  expect(await operations.records.read('../etc')).toBeUndefined();
});

describe('races', () => {
  interface Act {
    readonly call: number;
    readonly kind: 'worker' | 'mark' | 'remove' | 'push' | 'clear';
    readonly at: number;
  }
  const acts = fc.array(
    fc.record<Act>({
      call: fc.integer({ min: 0, max: 80 }),
      kind: fc.constantFrom('worker', 'worker', 'mark', 'remove', 'push', 'push', 'clear'),
      at: fc.nat(999),
    }),
    { maxLength: 20 },
  );

  test('two dashboards, resque-web and a worker act on the same entries: no job is lost or doubled', async () => {
    const second = await open();
    onTestFinished(() => second.close());
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 80 }),
        acts,
        fc.constantFrom('retry' as const, 'remove' as const),
        async (count, plan, kind) => {
          await redis.client.flushAll();
          await fill(count);
          let enqueued = count;
          let gone = 0;
          const act = async ({ kind: what, at }: Act) => {
            const { client } = redis;
            const length = await client.lLen(keys.failed);
            const index = Math.floor((at / 1000) * length);
            if (what === 'push') await pushFailed(client, [entryText(enqueued++)]);
            // A worker runs a job, and it fails again.
            else if (what === 'worker') {
              const payload = await client.lPop(keys.queue('mail'));
              if (payload !== null) await pushFailed(client, [entryText(idsIn([payload])[0], { failed_at: 'again' })]);
            } else if (length === 0) return;
            else if (what === 'clear')
              gone += Number((await client.multi().lLen(keys.failed).del(keys.failed).exec())[0]);
            else if (what === 'mark') {
              const [id] = idsIn([(await client.lIndex(keys.failed, index)) ?? '']);
              await client.lSet(keys.failed, index, entryText(id, { retried_at: 'now' }));
            } else {
              // As resque-web does it.
              await client.lSet(keys.failed, index, 'sentinel');
              gone += await client.lRem(keys.failed, 1, 'sentinel');
            }
          };
          const via = meddled(connection, async (call) => {
            for (const one of plan) if (one.call === call) await act(one);
          });
          const [one, other] = [newOperations(via), newOperations(second)];
          const agreed = await planFor(kind, kind === 'remove' ? { keeps: true } : {});
          const record = await one.operations.start(agreed, 'ada');
          // The other dashboard acts on single entries meanwhile, and brings back what was removed.
          const list = new FailedList(second, keys);
          await list.read(0, 10);
          const end = await ended(one, record);
          const late = range(count, enqueued);
          if (kind === 'remove' && end.undoUntil !== undefined) {
            const undo = await other.operations.undo(end, 'bob');
            await ended(other, undo);
          }
          await assertConserved(redis.client, enqueued - gone);
          const ids = [...(await failedIds()), ...(await queuedIds())].sort((a, b) => a - b);
          expect(new Set(ids).size).toBe(ids.length);
          // What came later was not retried: workers alone take it out of `failed`, and put it back there.
          expect((await queuedIds()).filter((id) => late.includes(id))).toEqual([]);
          expect(end.done).toBeLessThanOrEqual(count);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
