/** The effect of a retry in Redis: the bytes, refusals, a lost reply. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Sweep } from '../../../src/inspect/failed/bulk.js';
import { removeNamed, resolveTargets } from '../../../src/inspect/failed/by-index.js';
import { FailedList, MOST_IN_PAGE } from '../../../src/inspect/failed/list.js';
import { mostInOneCall, type RemovalReply, Remover } from '../../../src/inspect/failed/remove.js';
import { choose } from '../../../src/inspect/failed/select.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { failureParts } from '../../../src/resque/failure.js';
import { asError } from '../../../src/thrown.js';
import { entryText, idsIn, keys, meddled, payloadText, pushFailed } from '../../support/failed.js';
import { startProxy } from '../../support/proxy.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
let connection: Connection;

beforeAll(async () => {
  redis = await startRedis();
  connection = await open(redis.uri);
});
beforeEach(() => redis.client.flushAll());
afterAll(async () => {
  await connection?.close();
  await redis?.stop();
});

function open(uri: string): Promise<Connection> {
  return connect({ uri, name: 'test', silenceMs: 0 }, uri);
}

async function settle(kind: 'retry' | 'remove', over = connection): Promise<RemovalReply> {
  const entries = await new FailedList(connection, keys).read(0, MOST_IN_PAGE);
  const chosen = entries.map((listed) => choose(listed, { kind }, true));
  return await new Remover(over, keys).remove(chosen.flatMap(({ removal }) => removal ?? []));
}

const texts = (key: string) => redis.client.lRange(key, 0, -1);

/** The whole database, as it could be restored. */
async function everything(): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const key of (await redis.client.keys('*')).sort()) {
    const isList = (await redis.client.type(key)) === 'list';
    all[key] = isList ? await texts(key) : [await redis.cli('DUMP', key)];
  }
  return all;
}

describe('a retry', () => {
  test('puts back the bytes of the producer, whoever wrote the entry', async () => {
    const garbage = Buffer.from([0x7b, 0xff, 0x00, 0x0a, 0x22]);
    const ours = { workerId: 'h.ts:1-0:q', queue: 'mail', failedAt: new Date(), raw: garbage };
    const { head, tail } = failureParts(asError(new Error('boom')), ours);
    const payloads = [
      '{"class":"A","args":[12345678901234567890,1.0,1e2,"</b>\\u2028"],"queue":"mail","plugin":{"payload":{}}}',
      '{"class":"A","args":["\xff\xc3("]}',
      '{ "class" : "A",\n "args" : [ ] }',
    ];
    const entries = payloads.map(
      (payload) => `{"failed_at":"2026/11/24 02:58:25 UTC","payload":${payload},"queue":"mail"}`,
    );
    const bytes = [...entries.map((text) => Buffer.from(text, 'latin1')), Buffer.from(`${head}{"class":"X"}${tail}`)];
    await connection.send(['RPUSH', keys.failed, ...bytes]);
    expect((await settle('retry')).states).toEqual(['taken', 'taken', 'taken', 'taken']);
    const pushed = (await connection.send(['LRANGE', 'resque:queue:mail', '0', '-1'], { binary: true })) as Buffer[];
    expect(pushed.map((payload) => payload.toString('latin1'))).toEqual([...payloads, garbage.toString('latin1')]);
    expect(await redis.client.sMembers(keys.queues)).toEqual(['mail']);
    expect((await redis.client.keys('*')).sort()).toEqual(['resque:queue:mail', 'resque:queues']);
  });

  test('leaves the entries of a queue that takes nothing, and all others go', async () => {
    const queueOf = (id: number) => (id % 3 === 0 ? 'bad' : 'mail');
    await redis.client.set('resque:queue:bad', 'no list');
    for (const ids of [
      [0, 1, 2, 3, 4, 5],
      [1, 2, 0],
      [3, 0],
    ]) {
      await redis.client.del([keys.failed, 'resque:queue:mail']);
      await pushFailed(
        redis.client,
        ids.map((id) => entryText(id, { queue: queueOf(id) })),
      );
      const { states, refusal } = await settle('retry');
      expect(states).toEqual(ids.map((id) => (id % 3 === 0 ? 'refused' : 'taken')));
      expect(refusal).toContain('WRONGTYPE');
      expect(await texts(keys.failed)).toEqual(
        ids.filter((id) => id % 3 === 0).map((id) => entryText(id, { queue: 'bad' })),
      );
      expect(idsIn(await texts('resque:queue:mail'))).toEqual(ids.filter((id) => id % 3 !== 0));
    }
  });

  test.each(['lrem', 'lset', 'lrange', 'llen', 'sadd', 'rpush'])('that may not %s changes nothing', async (command) => {
    await pushFailed(
      redis.client,
      [0, 1, 2, 3].map((id) => entryText(id, { queue: `q${id % 2}` })),
    );
    const before = await everything();
    await redis.cli('ACL', 'SETUSER', 'limited', 'on', 'nopass', '~*', '+@all', `-${command}`);
    const limited = await open(redis.uri.replace('unix://', 'unix://limited:x@'));
    onTestFinished(() => limited.close());
    const reply = await settle('retry', limited).catch((error: Error) => error.message);
    if (typeof reply === 'string') expect(reply).toMatch(/NOPERM|can't run this command|not allowed|ACL/i);
    else expect(reply.states).toEqual(['refused', 'refused', 'refused', 'refused']);
    const { 'resque:queues': _, ...after } = await everything();
    expect(after).toEqual(before);
  });

  test('works where Redis is full: that is when the list is cleared', async () => {
    const full = await startRedis();
    onTestFinished(() => full.stop());
    const there = await open(full.uri);
    onTestFinished(() => there.close());
    await pushFailed(
      full.client,
      [0, 1, 2, 3].map((id) => entryText(id)),
    );
    const entries = await new FailedList(there, keys).read(0, 4);
    const removals = entries.flatMap(
      (listed) => choose(listed, { kind: listed.n < 2 ? 'retry' : 'remove' }, true).removal ?? [],
    );
    await full.client.configSet('maxmemory', '1');
    await expect(full.client.set('a', 'b')).rejects.toThrow('OOM');
    expect((await new Remover(there, keys).remove(removals)).states).toEqual(['taken', 'taken', 'taken', 'taken']);
    expect(idsIn(await full.client.lRange('resque:queue:mail', 0, -1))).toEqual([0, 1]);
    expect(await full.client.exists(keys.failed)).toBe(0);
  });

  test('whose reply is lost has happened once, and goes on when it is asked for again', async () => {
    const proxy = await startProxy(redis);
    onTestFinished(() => proxy.close());
    const ids = Array.from({ length: 50 }, (_, id) => id);
    await pushFailed(
      redis.client,
      ids.map((id) => entryText(id)),
    );
    const through = await open(proxy.uri);
    onTestFinished(() => through.close());
    const sweep = () =>
      new Sweep(new FailedList(through, keys, 10), new Remover(through, keys), {
        action: { kind: 'retry' },
        filter: {},
      });
    const lost = proxy.loseReply('EVAL');
    await expect(drain(sweep().steps())).rejects.toThrow();
    await lost;
    const after = [idsIn(await texts('resque:queue:mail')), idsIn(await texts(keys.failed))].flat();
    expect(after).toEqual(ids);
    await expect.poll(() => through.ready).toBe(true);
    await drain(sweep().steps());
    expect(idsIn(await texts('resque:queue:mail'))).toEqual(ids);
    expect(await texts('resque:queue:mail')).toEqual(ids.map((id) => payloadText(id)));
  });
});

async function drain(steps: AsyncIterable<{ taken: readonly unknown[] }>): Promise<number> {
  let taken = 0;
  for await (const step of steps) taken += step.taken.length;
  return taken;
}

describe('entries that were named', () => {
  test('take one call for each page, when nobody else is at work', async () => {
    const ids = Array.from({ length: 500 }, (_, id) => id);
    await pushFailed(
      redis.client,
      ids.map((id) => entryText(id)),
    );
    let calls = 0;
    const counting = meddled(connection, async () => void calls++);
    const list = new FailedList(counting, keys, 100);
    const { found: chosen } = await resolveTargets(list, [{ from: 0, to: 499 }], (one) =>
      choose(one, { kind: 'remove' }, true),
    );
    calls = 0;
    expect(
      await drain(
        removeNamed(
          list,
          new Remover(counting, keys),
          chosen.filter(({ brief }) => brief.n % 2 === 0),
        ),
      ),
    ).toBe(250);
    // The length, and one for each hundred; the first is told the script.
    expect(calls).toBeLessThanOrEqual(7);
    expect(idsIn(await texts(keys.failed))).toEqual(ids.filter((id) => id % 2 === 1));
  });

  test('are found by their id where they have moved to, and not where it is another', async () => {
    await pushFailed(
      redis.client,
      [0, 1, 2].map((id) => entryText(id)),
    );
    const list = new FailedList(connection, keys);
    const [, , { raw }] = await list.read(0, 3);
    const id = choose({ n: 2, raw }, { kind: 'remove' }, true).removal?.id;
    await redis.client.lPop(keys.failed);
    const { found, missing } = await resolveTargets(
      list,
      [
        { at: 2, id: id as string },
        { at: 1, id: 'ffff' },
      ],
      ({ n }) => n,
    );
    expect(found).toEqual([1]);
    expect(missing).toEqual([{ at: 1, id: 'ffff' }]);
  });
});

test('one call takes less the further it has to go', () => {
  expect(mostInOneCall(0, 800)).toBe(MOST_IN_PAGE);
  expect(mostInOneCall(50_000, 800)).toBeLessThan(MOST_IN_PAGE);
  expect(mostInOneCall(10_000_000, 800)).toBe(50);
});
