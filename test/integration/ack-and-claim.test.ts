/**
 * The ack-and-claim script on a real Redis: atomic claims, fenced finishes, order, and records that every reader can
 * read.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { QueuesInput } from '../../src/config/queues.js';
import type { Claim, Outcome } from '../../src/job.js';
import { connect } from '../../src/redis/connect.js';
import { parseRecord } from '../../src/resque/record.js';
import { isStrict } from '../../src/resque/strict.js';
import { asError } from '../../src/thrown.js';
import { assertConserved, countJobs } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { claimFully, testConnection, testStore, testWorkerId } from '../support/store.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

const DONE: Outcome = { kind: 'done' };
const slots = (n: number) => Array.from({ length: n }, (_, i) => i);
const job = (n: unknown) => JSON.stringify({ class: 'J', args: [n] });

async function push(queue: string, ...payloads: (string | Buffer)[]): Promise<void> {
  await redis.client.sAdd('resque:queues', queue);
  for (let i = 0; i < payloads.length; i += 1000)
    await redis.client.rPush(`resque:queue:${queue}`, payloads.slice(i, i + 1000));
}

async function recordOf(slot: number): Promise<string | null> {
  return await redis.client.get(`resque:worker:${testWorkerId(slot)}`);
}

async function store(queues: string, nonce?: string) {
  return testStore(await testConnection(redis.uri), queues, nonce);
}

describe('claiming', () => {
  test('takes no more than there are idle slots, and shows each job in the record of its worker', async () => {
    await push('q', job(1), job(2), job(3));
    const { claims, drained } = await (await store('q')).ackAndClaim([], [4, 7]);
    expect(claims.map((c) => [c.slot, c.payload.toString(), c.queue, c.strict])).toEqual([
      [4, job(1), 'q', true],
      [7, job(2), 'q', true],
    ]);
    expect(drained).toBe(false);
    const record = JSON.parse((await recordOf(7)) as string);
    expect(record).toEqual({
      token: claims[1].token,
      queue: 'q',
      run_at: expect.any(String),
      payload: { class: 'J', args: [2] },
    });
    expect(Object.keys(record)[0]).toBe('token');
    expect(new Date(record.run_at).toISOString()).toBe(record.run_at);
    expect(await countJobs(redis.client)).toMatchObject({ queued: 1 });
  });

  test('says when the queues are empty, also when it found a few', async () => {
    const s = await store('q');
    expect(await s.ackAndClaim([], [0])).toMatchObject({ claims: [], drained: true });
    await push('q', job(1));
    expect(await s.ackAndClaim([], [0, 1])).toMatchObject({ drained: true });
  });

  test('strict order: no job of the second queue while the first has one', async () => {
    await push('low', ...slots(10).map((n) => job(`low${n}`)));
    await push('high', ...slots(10).map((n) => job(`high${n}`)));
    const { claims } = await (await store('high,low')).ackAndClaim([], slots(15));
    expect(claims.map((c) => c.queue)).toEqual([...Array(10).fill('high'), ...Array(5).fill('low')]);
  });

  test('weights: 30,000 jobs of two full queues, in batches, are shared 2:1 within 2 %', async () => {
    const many = slots(30_000).map(job);
    await push('high', ...many);
    await push('low', ...many);
    const s = await store('high=2,low=1');
    const taken = { high: 0, low: 0 };
    let finishes: { claim: Claim; outcome: Outcome }[] = [];
    for (let n = 0; n < 30_000; n += 25) {
      const { claims } = await s.ackAndClaim(finishes, slots(25));
      for (const claim of claims) taken[claim.queue as 'high' | 'low']++;
      finishes = claims.map((claim) => ({ claim, outcome: DONE }));
    }
    expect(taken.high / taken.low).toBeGreaterThan(2 * 0.98);
    expect(taken.high / taken.low).toBeLessThan(2 * 1.02);
  });

  test('weights hold also in single claims', async () => {
    await push('high', ...slots(300).map(job));
    await push('low', ...slots(300).map(job));
    const s = await store('high=2,low=1');
    const taken = { high: 0, low: 0 };
    for (let n = 0; n < 300; n++) {
      const { claims } = await s.ackAndClaim([], [n]);
      taken[claims[0].queue as 'high' | 'low']++;
    }
    expect(taken.high).toBeGreaterThanOrEqual(196);
    expect(taken.high).toBeLessThanOrEqual(204);
  });

  test('weights: an empty queue leaves its share to the others', async () => {
    await push('b', job(1), job(2));
    const { claims, drained } = await (await store('a=100,b=1')).ackAndClaim([], [0, 1]);
    expect(claims).toHaveLength(2);
    expect(drained).toBe(false);
  });

  test('any number of queues, full, empty or no lists: every job once, in order, and drained only when nothing is left', async () => {
    const connection = await testConnection(redis.uri);
    const sizes = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -1, max: 30 })), {
      minLength: 1,
      maxLength: 40,
    });
    const run = async (counts: number[], weighted: boolean, portions: number[]) => {
      await redis.client.flushAll();
      const names = counts.map((_, q) => `q/"${q}"`);
      for (const [q, name] of names.entries()) {
        if (counts[q] < 0) await redis.client.set(`resque:queue:${name}`, 'no list');
        else if (counts[q] > 0) await push(name, ...slots(counts[q]).map((n) => job(q * 100 + n)));
      }
      const weight = (q: number) => (weighted ? 1 + ((q * 7) % 100) : undefined);
      const queues = Object.fromEntries(names.map((name, q) => [name, weight(q) ?? 1]));
      const s = testStore(connection, weighted ? queues : names);
      const bed = { store: s, connection };
      const wanted = names.flatMap((name, q) =>
        slots(Math.max(0, counts[q])).map((n) => `${name} ${job(q * 100 + n)}`),
      );
      const taken: string[] = [];
      for (let call = 0, slot = 0; ; call++) {
        const portion = portions[call % portions.length];
        const idle = slots(portion).map((n) => slot + n);
        slot += portion;
        const { claims, drained } = await claimFully(bed, idle);
        for (const { queue, payload } of claims) taken.push(`${queue} ${payload}`);
        expect(claims.length).toBe(Math.min(portion, wanted.length - taken.length + claims.length));
        if (claims.length < portion) expect(drained).toBe(true);
        if (drained) break;
      }
      if (!weighted) expect(taken).toEqual(wanted);
      else
        for (const name of names)
          expect(taken.filter((one) => one.startsWith(`${name} `))).toEqual(
            wanted.filter((one) => one.startsWith(`${name} `)),
          );
      expect(taken).toHaveLength(wanted.length);
    };
    const portions = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(sizes, fc.boolean(), portions, run), { numRuns: 100 });
  });

  test('a record of somebody else is never overwritten, and its slot gets no job', async () => {
    await push('q', job(1), job(2));
    await redis.client.set(`resque:worker:${testWorkerId(0)}`, '{"queue":"x","payload":{"class":"Other","args":[]}}');
    const { claims, occupied } = await (await store('q')).ackAndClaim([], [0, 1]);
    expect(occupied).toEqual([0]);
    expect(claims.map((c) => [c.slot, c.payload.toString()])).toEqual([[1, job(1)]]);
    expect(await recordOf(0)).toContain('Other');
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([job(2)]);
  });

  test('a queue key that is not a list counts as empty and disturbs nobody', async () => {
    await redis.client.set('resque:queue:a', 'text');
    await push('b', job(1));
    const { claims } = await (await store('a,b')).ackAndClaim([], [0]);
    expect(claims[0].queue).toBe('b');
  });

  test.each(['true', 'TRUE', ' True \n'])(
    'claims nothing while pause-all-workers is %j, but still reports',
    async (text) => {
      await push('q', job(1), job(2));
      const s = await store('q');
      const { claims } = await s.ackAndClaim([], [0]);
      await redis.client.set('resque:pause-all-workers', text);
      const paused = await s.ackAndClaim([{ claim: claims[0], outcome: DONE }], [0]);
      expect(paused).toMatchObject({ paused: true, claims: [], settled: [true] });
      await redis.client.set('resque:pause-all-workers', 'yes');
      expect(await s.ackAndClaim([], [0])).toMatchObject({ paused: false, claims: [{ slot: 0 }] });
    },
  );
});

describe('many queues', () => {
  const names = slots(1000).map((n) => `q${n}`);
  const orders = [
    ['in order', names],
    ['by weight', Object.fromEntries(names.map((name, n) => [name, 1 + (n % 9)]))],
  ] as const;

  /** A store on them that knows that they are empty, and a way to count what a step costs Redis. */
  async function idleStore(queues: QueuesInput) {
    const connection = await testConnection(redis.uri);
    const bed = { store: testStore(connection, queues), connection };
    await claimFully(bed, [0]);
    const costOf = async (step: () => Promise<unknown>) => {
      await redis.client.sendCommand(['CONFIG', 'RESETSTAT']);
      await step();
      const stats = String(await redis.client.sendCommand(['INFO', 'commandstats']));
      const calls = [...stats.matchAll(/^cmdstat_(?:lpop|exists|evalsha):calls=(\d+)/gm)].map((match) =>
        Number(match[1]),
      );
      const bytes = /total_net_input_bytes:(\d+)/.exec(String(await redis.client.sendCommand(['INFO', 'stats'])))?.[1];
      return { calls: calls.reduce((sum, some) => sum + some, 0), bytes: Number(bytes) };
    };
    return { ...bed, costOf };
  }

  test.each(orders)('%s: a look at empty ones names none of them, a push makes one be looked at', async (_, queues) => {
    const { store, connection, costOf } = await idleStore(queues);
    const idle = await costOf(() => store.ackAndClaim([], slots(25)));
    expect(idle.calls).toBeLessThanOrEqual(3);
    expect(idle.bytes).toBeLessThan(2000);
    await push('q500', job(1));
    let claims: readonly Claim[] = [];
    const pushed = await costOf(async () => {
      await connection.send(['PING']);
      claims = (await store.ackAndClaim([], slots(25))).claims;
    });
    expect(claims.map(({ queue }) => queue)).toEqual(['q500']);
    expect(pushed.calls).toBeLessThanOrEqual(6);
    expect(pushed.bytes).toBeLessThan(2000);
  });

  test.each(orders)('%s: where all have jobs a call names no more than it can use', async (_, queues) => {
    for (const name of names) await push(name, job(1), job(2));
    const { store, costOf } = await idleStore(queues);
    const one = await costOf(() =>
      store.ackAndClaim(
        [],
        slots(25).map((n) => 100 + n),
      ),
    );
    expect(one.bytes).toBeLessThan(6000);
  });

  test('by weight: 300 full queues get what is theirs, though a call names few of them', async () => {
    const few = names.slice(0, 300);
    for (const name of few) await push(name, ...slots(100).map(job));
    const connection = await testConnection(redis.uri);
    const store = testStore(connection, Object.fromEntries(few.map((name, n) => [name, n < 100 ? 4 : 1])));
    let heavy = 0;
    let finishes: { claim: Claim; outcome: Outcome }[] = [];
    for (let n = 0; n < 240; n++) {
      const { claims } = await store.ackAndClaim(finishes, slots(25));
      expect(claims).toHaveLength(25);
      heavy += claims.filter(({ queue }) => Number(queue.slice(1)) < 100).length;
      finishes = claims.map((claim) => ({ claim, outcome: DONE }));
    }
    // 400 of 600 shares.
    expect(heavy / 6000).toBeGreaterThan(0.64);
    expect(heavy / 6000).toBeLessThan(0.69);
  });

  test('what this process writes itself is found without a report: a requeue, its own pushes', async () => {
    const { store, connection } = await idleStore(names);
    await push('q700', job(1));
    const { claims } = await claimFully({ store, connection }, [0, 1]);
    const back = await claimFully({ store, connection }, [0, 1], [{ claim: claims[0], outcome: { kind: 'requeue' } }]);
    expect(back.claims.map(({ queue }) => queue)).toEqual(['q700']);
    await connection.send(['RPUSH', 'resque:queue:q3', job(2)]);
    expect((await claimFully({ store, connection }, [5])).claims).toEqual([]);
    store.pushedTo(['q3']);
    expect((await claimFully({ store, connection }, [5])).claims.map(({ queue }) => queue)).toEqual(['q3']);
  });

  test('after a reconnect, and by and by also without one, all are looked at again', async () => {
    const { store, connection } = await idleStore(names);
    await connection.send(['RPUSH', 'resque:queue:q10', job(1)]);
    store.changed(null);
    expect((await claimFully({ store, connection }, [0])).claims).toHaveLength(1);
    await connection.send(['RPUSH', 'resque:queue:q900', job(1)]);
    let found = 0;
    for (let look = 0; look < 2; look++) {
      store.look();
      found += (await claimFully({ store, connection }, [1])).claims.length;
    }
    expect(found).toBe(1);
  });

  test('without tracking each look asks all of them, and an acknowledgement does too', async () => {
    const connection = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
    onTestFinished(() => connection.close());
    const store = testStore(connection, names);
    expect(await claimFully({ store, connection }, [0])).toMatchObject({ claims: [], drained: true });
    await push('q900', job(1), job(2));
    store.look();
    const { claims } = await claimFully({ store, connection }, [0, 1]);
    expect(claims.map(({ queue }) => queue)).toEqual(['q900', 'q900']);
    await push('q3', job(3));
    const finishes = claims.map((claim) => ({ claim, outcome: DONE }));
    expect((await claimFully({ store, connection }, [0, 1], finishes)).claims.map(({ queue }) => queue)).toEqual([
      'q3',
    ]);
  });

  test('a job that comes between a call and its reply is not overlooked', async () => {
    const { store, connection } = await idleStore(names);
    const other = await testConnection(redis.uri);
    for (let n = 0; n < 50; n++) {
      store.changed('resque:queue:q5');
      const [reply] = await Promise.all([store.ackAndClaim([], [n]), other.send(['RPUSH', 'resque:queue:q5', job(n)])]);
      const later = reply.claims.length === 1 ? reply : await claimFully({ store, connection }, [n]);
      expect(later.claims).toHaveLength(1);
    }
  });

  test('jobs that went back, since their slots are occupied, are not overlooked', async () => {
    const { store, connection } = await idleStore(names);
    await redis.client.set(`resque:worker:${testWorkerId(0)}`, '{"queue":"x","payload":{"class":"Other","args":[]}}');
    await push('q5', job(1));
    await connection.send(['PING']);
    expect(await store.ackAndClaim([], [0])).toMatchObject({ claims: [], occupied: [0], drained: false });
    expect((await store.ackAndClaim([], [1])).claims).toHaveLength(1);
  });
});

describe('finishing', () => {
  test('done: the record goes, the job is counted, in total and for its worker', async () => {
    await push('q', job(1));
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [3]);
    expect((await s.ackAndClaim([{ claim: claims[0], outcome: DONE }], [])).settled).toEqual([true]);
    expect(await recordOf(3)).toBeNull();
    expect(await redis.client.get(`resque:stat:processed:${testWorkerId(3)}`)).toBe('1');
    expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
  });

  test('failed: the entry has the fields of Ruby in their order, and the payload byte for byte', async () => {
    const payload = '{"class":"J",  "args":[12345678901234567890, 1.0, [], {}], "other":"/é"}';
    await push('q', payload);
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [0]);
    await s.ackAndClaim(
      [{ claim: claims[0], outcome: { kind: 'failed', error: asError(new RangeError('no "such" thing')) } }],
      [],
    );
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(entry).toContain(`"payload":${payload},`);
    const fields = JSON.parse(entry);
    expect(Object.keys(fields)).toEqual(['failed_at', 'payload', 'exception', 'error', 'backtrace', 'worker', 'queue']);
    expect(fields).toMatchObject({
      exception: 'RangeError',
      error: 'no "such" thing',
      worker: testWorkerId(0),
      queue: 'q',
    });
    expect(fields.failed_at).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d UTC$/);
    expect(await redis.client.get('resque:stat:failed')).toBe('1');
    expect(await redis.client.get(`resque:stat:failed:${testWorkerId(0)}`)).toBe('1');
    await assertConserved(redis.client, 1);
  });

  test('sent again after a lost reply, a finish counts once', async () => {
    await push('q', job(1), job(2), job(3));
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [0, 1, 2]);
    const outcomes: Outcome[] = [DONE, { kind: 'failed', error: asError(new Error('x')) }, { kind: 'requeue' }];
    const finishes = claims.map((claim, i) => ({ claim, outcome: outcomes[i] }));
    expect((await s.ackAndClaim(finishes, [])).settled).toEqual([true, true, true]);
    expect((await s.ackAndClaim(finishes, [])).settled).toEqual([false, false, false]);
    expect(await assertConserved(redis.client, 3)).toMatchObject({ processed: 1, failed: 1, queued: 1, failedStat: 1 });
  });

  test('a finish whose record bears another token counts nothing and leaves that record', async () => {
    await push('q', job(1));
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [0]);
    const foreign = '{"token":"another","queue":"q","run_at":"2026-11-24T00:00:00Z","payload":{"class":"J","args":[]}}';
    await redis.client.set(`resque:worker:${testWorkerId(0)}`, foreign);
    expect((await s.ackAndClaim([{ claim: claims[0], outcome: DONE }], [0])).settled).toEqual([false]);
    expect(await recordOf(0)).toBe(foreign);
    expect(await redis.client.get('resque:stat:processed')).toBeNull();
  });

  test('put back: at the head, in the order of before, byte for byte', async () => {
    const all = ['{"class":"J","args":[1.0]}', 'not json', '', Buffer.from([0xff, 0x00, 0xc3]), job(5)];
    await push('q', ...all);
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], slots(4));
    await redis.client.del('resque:queues');
    const back = claims.map((claim): { claim: Claim; outcome: Outcome } => ({ claim, outcome: { kind: 'requeue' } }));
    await s.ackAndClaim(back.reverse(), []);
    const raw = (await (
      await testConnection(redis.uri)
    ).send(['LRANGE', 'resque:queue:q', '0', '-1'], { binary: true })) as Buffer[];
    expect(raw.map((b) => b.toString('hex'))).toEqual(all.map((p) => Buffer.from(p).toString('hex')));
    expect(await redis.client.sMembers('resque:queues')).toEqual(['q']);
  });

  test('a slot gets its next job in the call that reports the last', async () => {
    await push('q', job(1), job(2));
    const s = await store('q');
    const first = await s.ackAndClaim([], [0]);
    const second = await s.ackAndClaim([{ claim: first.claims[0], outcome: DONE }], [0]);
    expect(second.claims[0].payload.toString()).toBe(job(2));
    expect(second.claims[0].token).not.toBe(first.claims[0].token);
  });

  test('works where GETDEL is refused, as on a Redis before 6.2', async () => {
    await redis.client.sendCommand(['ACL', 'SETUSER', 'old', 'on', '>pw', '~*', '+@all', '-getdel']);
    const s = testStore(await testConnection(redis.uri.replace('unix://', 'unix://old:pw@')), 'q');
    await push('q', job(1), job(2));
    const { claims } = await s.ackAndClaim([], [0, 1]);
    const { settled } = await s.ackAndClaim(
      [
        { claim: claims[0], outcome: DONE },
        { claim: claims[1], outcome: DONE },
      ],
      [],
    );
    expect(settled).toEqual([true, true]);
    expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  });

  test('a write that is refused leaves the job in its queue', async () => {
    await redis.client.sendCommand([
      'ACL',
      'SETUSER',
      'narrow',
      'on',
      '>pw',
      '~resque:queue*',
      '~resque:pause*',
      '+@all',
    ]);
    const s = testStore(await testConnection(redis.uri.replace('unix://', 'unix://narrow:pw@')), 'q');
    await push('q', job(1), job(2));
    await expect(s.ackAndClaim([], [0])).rejects.toThrow(/access|permission/i);
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([job(1), job(2)]);
  });
});

describe('a write that is refused midway', () => {
  test.each([
    ['rpush', 'failed'],
    ['lpush', 'queued'],
    ['incrby', 'processed'],
  ] as const)('%s: nothing is lost, and it goes through when it may', async (command, place) => {
    await push('q', job(1), job(2), job(3));
    const user = `no-${command}`;
    await redis.client.sendCommand(['ACL', 'SETUSER', user, 'on', '>pw', '~*', '+@all']);
    const s = testStore(await testConnection(redis.uri.replace('unix://', `unix://${user}:pw@`)), 'q');
    const { claims } = await s.ackAndClaim([], [0, 1, 2]);
    const outcomes: Outcome[] = [DONE, { kind: 'failed', error: asError(new Error('x')) }, { kind: 'requeue' }];
    const finishes = claims.map((claim, i) => ({ claim, outcome: outcomes[i] }));
    await redis.client.sAdd('resque:workers', [0, 1, 2].map(testWorkerId));
    await redis.client.sendCommand(['ACL', 'SETUSER', user, `-${command}`]);
    await expect(s.ackAndClaim(finishes, [])).rejects.toThrow(/permission|run this command/i);
    expect((await assertConserved(redis.client, 3))[place]).toBe(0);
    await redis.client.sendCommand(['ACL', 'SETUSER', user, `+${command}`]);
    await s.ackAndClaim(finishes, []);
    expect(await assertConserved(redis.client, 3)).toMatchObject({ processed: 1, failed: 1, queued: 1 });
  });
});

describe('a write that is refused after jobs were taken', () => {
  test('of a count: the next jobs of these slots go back, in their order, and nothing is lost', async () => {
    await push('q', ...[1, 2, 3, 4, 5].map(job));
    await redis.client.sAdd('resque:workers', [0, 1, 2].map(testWorkerId));
    await redis.client.sendCommand(['ACL', 'SETUSER', 'counter', 'on', '>pw', '~*', '+@all']);
    const s = testStore(await testConnection(redis.uri.replace('unix://', 'unix://counter:pw@')), 'q');
    const { claims } = await s.ackAndClaim([], [0, 1]);
    const finishes = claims.map((claim) => ({ claim, outcome: DONE }));
    await redis.client.sendCommand(['ACL', 'SETUSER', 'counter', '-incrby']);
    await expect(s.ackAndClaim(finishes, [0, 1])).rejects.toThrow(/permission|run this command/i);
    expect(await assertConserved(redis.client, 5)).toMatchObject({ claimed: 2, processed: 0 });
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([3, 4, 5].map(job));
    expect(await s.held([0, 1])).toEqual(claims);
  });

  test('of the set of queues: a job goes back all the same', async () => {
    await push('q', job(1));
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [0]);
    await redis.client.set('resque:queues', 'no set');
    await s.ackAndClaim([{ claim: claims[0], outcome: { kind: 'requeue' } }], []);
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([job(1)]);
  });
});

test.each([false, true])('other scripts find cjson as they know it, also after an error: %s', async (refused) => {
  await push('q', '{"class":"J","args":[NaN]}', job(2));
  const user = `plain-${refused}`;
  await redis.client.sendCommand(['ACL', 'SETUSER', user, 'on', '>pw', '~*', '+@all', ...(refused ? ['-lpop'] : [])]);
  const s = testStore(await testConnection(redis.uri.replace('unix://', `unix://${user}:pw@`)), 'q');
  const claimed = s.ackAndClaim([], [0, 1]);
  if (refused) await expect(claimed).rejects.toThrow(/permission|run this command/i);
  else expect((await claimed).claims.map(({ strict }) => strict)).toEqual([false, true]);
  expect(await redis.client.eval("return cjson.decode('[1,NaN]')[1]")).toBe(1);
});

describe('after a lost reply', () => {
  test('held() finds the claims of this process, and no other', async () => {
    await push('q', job(1), 'garbage', job(3));
    const s = await store('q');
    const { claims } = await s.ackAndClaim([], [0, 1]);
    await (await store('q', 'other')).ackAndClaim([], [2]);
    expect(await s.held([0, 1, 2, 3])).toEqual(claims);
  });
});

describe('records of any payload', () => {
  /** What readers of the record do: every one of them needs valid JSON with an object as payload. */
  async function checkRecord(payload: Buffer): Promise<void> {
    await redis.client.flushAll();
    await push('q', payload);
    const s = await store2;
    const { claims } = await s.ackAndClaim([], [0]);
    const raw = Buffer.from((await rawRecord()) as Buffer);
    const record = JSON.parse(raw.toString());
    expect(raw.toString('utf8').includes('\uFFFD') && !payload.toString('utf8').includes('\uFFFD')).toBe(false);
    expect(typeof record.payload).toBe('object');
    expect(Array.isArray(record.payload)).toBe(false);
    expect(record.payload).not.toBeNull();
    expect(Buffer.compare(claims[0].payload, payload)).toBe(0);
    expect(parseRecord(raw)?.payload.equals(payload)).toBe(true);
    // What we decide about large ones is what Redis decides about small ones.
    expect(isStrict(payload)).toBe(claims[0].strict);
    if (claims[0].strict) expect(record.payload).toEqual(JSON.parse(payload.toString()));
    else expect(record.payload).toMatchObject({ class: 'InvalidPayload', args: [expect.any(String)] });
  }
  let store2: Promise<ReturnType<typeof testStore>>;
  let rawRecord: () => Promise<unknown>;
  beforeEach(async () => {
    const connection = await testConnection(redis.uri);
    store2 = Promise.resolve(testStore(connection, 'q'));
    rawRecord = () => connection.send(['GET', `resque:worker:${testWorkerId(0)}`], { binary: true });
  });

  /** A long payload is looked through in another way. */
  const longToo = (texts: readonly string[]) => {
    const long = texts
      .filter((text) => text.startsWith('{"'))
      .map((text) => `{"pad":"${'x'.repeat(2000)}",${text.slice(1)}`);
    return [...texts, ...long].map((text) => [`${text.slice(-60)}, ${text.length} long`, text]);
  };

  /** Names a class, so that nothing else is wrong with it. */
  const named = (text: string) => text.replace(/^ ?\{(?="[^c])/, '{"class":"J",');

  const lax = [
    '{"a":1.}',
    '{"a":-.5}',
    '{"a":1.e5}',
    '{"a":01}',
    '{"a":NaN}',
    '{"a":"\u0001"}',
    '{"a":"x\ny"}',
    '{"a":"\\ud800"}',
  ];
  lax.push(
    '{} x',
    '{}\0x',
    '{"a":"b\0"}',
    '',
    ' ',
    'null',
    '5',
    '"text"',
    '[1]',
    '[]',
    '{"a":',
    '\ufeff{}',
    '{"a":0x10}',
    "{'a':1}",
  );
  lax.push('{"class":"ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper","args":[]}');
  test.each(longToo(lax.map(named)))('text for what a strict reader refuses: %j', async (_, text) => {
    await checkRecord(Buffer.from(text));
    expect((await (await store2).held([0]))[0].strict).toBe(false);
  });

  const lacking = ['{}', '{"class":null}', '{"class":""}', '{"class":5}', '{"args":[]}', '{"class":{},"args":[]}'];
  test.each(lacking)('text for what names no class, so that resque-web can retry it: %j', async (text) => {
    await checkRecord(Buffer.from(text));
    expect((await (await store2).held([0]))[0].strict).toBe(false);
  });

  const strict = [
    '{"class":"J"}',
    ' {"class" : "J","a" : 1.5e10 , "b":"x. y", "c":".5"}\n',
    '{"a":"\\u0000\\"1.\\\\"}',
    '{"a":-0}',
    '{"a":1e999}',
    '{"__proto__":{"x":1}}',
  ];
  strict.push(
    '{"payload":{"payload":"\\"payload\\":"},"token":"x"}',
    '{"a":"é€😀"}',
    `{"a":${'['.repeat(900)}${']'.repeat(900)}}`,
  );
  test.each(longToo(strict.map(named)))('as it is for what is strict: %j', async (_, text) => {
    await checkRecord(Buffer.from(text));
    expect((await (await store2).held([0]))[0].strict).toBe(true);
  });

  test('bytes that are no UTF-8', async () => {
    for (const bytes of [
      [0xff],
      [0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d],
      [0xed, 0xa0, 0x80],
      [0xc0, 0x80],
      [0xe2, 0xc3, 0xa9, 0x80, 0x80],
    ])
      await checkRecord(Buffer.from(bytes));
  });

  test('property: random JSON, broken JSON and random bytes', async () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('.', '-', '"', '\\', '\n', '{', ']', '0', 'e', '\0', 'é'))
      .map(([json, at, c]) => {
        const i = at % (json.length + 1);
        return Buffer.from(json.slice(0, i) + c + json.slice(i));
      });
    const object = fc
      .dictionary(fc.string(), fc.jsonValue())
      .map((o) => Buffer.from(JSON.stringify({ class: 'J', ...o })));
    const number = fc.stringMatching(/^[-+0-9.eExX]{1,6}$/).map((n) => Buffer.from(`{"class":"J","a":${n}}`));
    const escapes = fc
      .array(fc.constantFrom('\\ud83d', '\\ude00', '\\\\', '\\n', 'x', '\\u0041'), { maxLength: 5 })
      .map((parts) => Buffer.from(`{"class":"J","a":"${parts.join('')}"}`));
    const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b));
    const any = fc.oneof(broken, object, number, escapes, bytes);
    const pad = Buffer.from(`{"class":"J","pad":"${'x'.repeat(1000)}","b":`);
    const long = any.map((payload) => Buffer.concat([pad, payload, Buffer.from('}')]));
    await fc.assert(fc.asyncProperty(fc.oneof(any, long), checkRecord), { numRuns: 700 });
  });
});
