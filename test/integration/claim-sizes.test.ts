/** Limits for the cost of a call: bytes on the wire, commands, and how long Redis' other clients wait. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Claim, Outcome } from '../../src/job.js';
import type { Argument, Connection } from '../../src/redis/connection.js';
import { SCRIPTS } from '../../src/resque/scripts/index.js';
import { asError } from '../../src/thrown.js';
import { assertConserved } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection, testStore, testWorkerId } from '../support/store.js';

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
const slots = (n: number) => Array.from({ length: n }, (_, i) => i);
const done = (claims: readonly Claim[]) => claims.map((claim) => ({ claim, outcome: DONE }));

async function push(queue: string, ...payloads: (string | Buffer)[]): Promise<void> {
  await redis.client.sAdd('resque:queues', queue);
  await redis.client.rPush(`resque:queue:${queue}`, payloads);
}

/** A job of about so many bytes. */
const sized = (bytes: number, n = 0) => JSON.stringify({ class: 'J', args: [n, 'x'.repeat(bytes)] });

/** A connection that notes what goes over it. */
function noting(through: Connection): { readonly connection: Connection; readonly sent: Argument[][] } {
  const sent: Argument[][] = [];
  const send: Connection['send'] = (args, options) => {
    sent.push([...args]);
    return through.send(args, options);
  };
  return { connection: { ...through, send, tracking: through.tracking, ready: true }, sent };
}

const bytesOf = (calls: readonly Argument[][]) =>
  calls.flat().reduce((sum, arg) => sum + (typeof arg === 'string' ? Buffer.byteLength(arg) : arg.length), 0);

describe('worker ids', () => {
  test('an idle look names the queues once, however many slots it offers', async () => {
    const queues = slots(1000).map((n) => `queue-${n}`);
    const bytes: number[] = [];
    for (const idle of [1, 1000]) {
      const { connection: noted, sent } = noting(connection);
      const workerId = (slot: number) => `host.ts:4711-${slot}:${queues.join(',')}`;
      await testStore(noted, queues, 'n', { workerId }).ackAndClaim([], slots(idle));
      bytes.push(bytesOf(sent.slice(-1)));
    }
    expect(bytes[1] - bytes[0]).toBeLessThan(1000 * 3);
  });

  test('no name of a worker travels with a job that is done, and the slot gets its next one', async () => {
    await push('q', sized(1), sized(2));
    const { connection: noted, sent } = noting(connection);
    const s = testStore(noted, 'q');
    const { claims } = await s.ackAndClaim([], [1000]);
    sent.length = 0;
    await s.ackAndClaim(done(claims), [1000]);
    expect(sent[0].filter((arg) => String(arg).includes(testWorkerId(1000)))).toEqual([]);
    expect(await redis.client.get(`resque:worker:${testWorkerId(1000)}`)).toContain('"args":[0,"xx"]');
    expect(await redis.client.get(`resque:stat:processed:${testWorkerId(1000)}`)).toBe('1');
  });
});

/** Large buffers are compared by what stands for them: a deep comparison of each byte takes seconds. */
const digest = (payload: Buffer) => createHash('sha1').update(payload).digest('hex');

describe('large jobs', () => {
  test.each([
    ['text', 1_000_000, (n: number) => Buffer.from(sized(1_000_000, n))],
    ['text of 100 kB', 100_000, (n: number) => Buffer.from(sized(99_900, n))],
    ['bytes', 1_000_000, (n: number) => Buffer.alloc(1_000_000, Buffer.from([n + 1, 0xff, 0x80, 0x22]))],
    ['bytes of 10 kB', 10_000, (n: number) => Buffer.alloc(10_000, Buffer.from([n + 1, 0xff, 0x80, 0x22]))],
  ])(
    '%s: all are claimed and finished, in order, byte for byte, a bounded part in each call',
    async (_, size, make) => {
      const payloads = slots(20).map(make);
      await push('q', ...payloads);
      const s = testStore(connection, 'q');
      const claimed: string[] = [];
      for (let calls = 0; claimed.length < payloads.length && calls < 100; calls++) {
        const { claims, drained } = await s.ackAndClaim([], slots(30).slice(claimed.length));
        expect(claims.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThanOrEqual(700_000 + size);
        if (claims.length === 0) expect(drained).toBe(true);
        const held = await s.held(claims.map(({ slot }) => slot));
        expect(held.map(({ token, payload }) => [token, digest(payload)])).toEqual(
          claims.map(({ token, payload }) => [token, digest(payload)]),
        );
        claimed.push(...claims.map(({ payload }) => digest(payload)));
        const outcome: Outcome = calls % 2 === 0 ? DONE : { kind: 'failed', error: asError(new Error('x')) };
        const finishes = claims.map((claim) => ({ claim, outcome }));
        expect((await s.ackAndClaim(finishes, [])).settled).toEqual(claims.map(() => true));
      }
      expect(claimed).toEqual(payloads.map(digest));
      await assertConserved(redis.client, 20);
    },
  );

  test('a large job waits its turn: what is before it in its queue comes before it, what is behind after it', async () => {
    const all = [sized(1, 1), sized(300_000, 2), sized(1, 3), sized(300_000, 4), sized(1, 5)];
    await push('q', ...all);
    const s = testStore(connection, 'q');
    const taken: string[] = [];
    for (let call = 0; call < 10 && taken.length < 5; call++) {
      const { claims } = await s.ackAndClaim([], slots(20).slice(taken.length));
      taken.push(...claims.map(({ payload }) => payload.toString()));
    }
    expect(taken).toEqual(all);
  });

  test('a record shows what large garbage begins with, and has its bytes in a field of their own', async () => {
    await push('q', Buffer.alloc(100_000, Buffer.from([0x61, 0xff, 0x00])));
    await testStore(connection, 'q').ackAndClaim([], [0]);
    const text = await redis.client.get(`resque:worker:${testWorkerId(0)}`);
    expect(text?.length).toBeLessThan(140_000);
    expect(JSON.parse(String(text))).toMatchObject({
      payload_encoding: 'base64',
      payload: { class: 'InvalidPayload', args: [expect.stringMatching(/^a\?\?a.*… \(100000 bytes\)$/)] },
    });
  });

  test('one that may not be put back at the head is put back at the tail, and nothing is lost', async () => {
    await redis.client.sendCommand(['ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-lpush']);
    const half = await testConnection(redis.uri.replace('unix://', 'unix://half:pw@'));
    await push('q', sized(300_000, 1), sized(1, 2));
    await testStore(half, 'q').ackAndClaim([], [0]);
    await redis.client.sAdd('resque:workers', testWorkerId(0));
    await assertConserved(redis.client, 2);
  });

  test('a slot that is occupied gets none, and is told of', async () => {
    await push('q', sized(300_000, 1), sized(1, 2));
    await redis.client.set(`resque:worker:${testWorkerId(0)}`, '{"queue":"x","payload":{"class":"Other","args":[]}}');
    const s = testStore(connection, 'q');
    expect(await s.ackAndClaim([], [0, 1])).toMatchObject({ claims: [], occupied: [0], drained: false });
    expect((await s.ackAndClaim([], [1])).claims.map(({ payload }) => payload.length)).toEqual([
      sized(300_000, 1).length,
    ]);
  });

  test('one that somebody else has taken meanwhile is not claimed, and no other in its place', async () => {
    await push('q', sized(300_000, 1), sized(1, 2));
    const thief: Connection['send'] = async (args, options) => {
      if (args[1] === SCRIPTS.claimLarge.sha) await redis.client.lPop('resque:queue:q');
      return await connection.send(args, options);
    };
    const s = testStore({ ...connection, send: thief, tracking: true, ready: true }, 'q');
    expect(await s.ackAndClaim([], [0])).toMatchObject({ claims: [], drained: false });
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([sized(1, 2)]);
  });

  test('many of a megabyte that are done hold Redis no longer than few', async () => {
    await push('q', ...slots(40).map((n) => sized(1_000_000, n)));
    const s = testStore(connection, 'q');
    const all: Claim[] = [];
    while (all.length < 40) all.push(...(await s.ackAndClaim([], [all.length])).claims);
    const { connection: noted, sent } = noting(connection);
    const other = testStore(noted, 'q');
    expect((await other.ackAndClaim(done(all), [])).settled).toEqual(Array(40).fill(true));
    expect(sent.length).toBeGreaterThanOrEqual(20);
  });
});

describe('a foreign value', () => {
  test.each([['pause-all-workers'], ['queue:q']])('60 MB of it in %s holds up nobody', async (key) => {
    const value = Buffer.alloc(60_000_000, ' ');
    value[0] = 0xff;
    if (key === 'queue:q') await push('q', value);
    else await redis.client.set(`resque:${key}`, value);
    const s = testStore(connection, 'q');
    const { claims, paused } = await s.ackAndClaim([], [0]);
    expect(paused).toBe(false);
    expect(claims.map(({ payload }) => payload.length)).toEqual(key === 'queue:q' ? [60_000_000] : []);
    if (claims.length > 0) await s.ackAndClaim(done(claims), []);
  });

  test.each(['text', '9223372036854775807', ['list']])(
    'stat:processed = %j keeps no job from ending',
    async (value) => {
      await push('q', sized(1), sized(2));
      if (typeof value === 'string') await redis.client.set('resque:stat:processed', value);
      else await redis.client.rPush('resque:stat:processed', value);
      const s = testStore(connection, 'q');
      const { claims } = await s.ackAndClaim([], [0]);
      const next = await s.ackAndClaim(done(claims), [0]);
      expect(next).toMatchObject({ settled: [true], claims: [{ slot: 0 }] });
      expect(await redis.client.get(`resque:stat:processed:${testWorkerId(0)}`)).toBe('1');
    },
  );
});

test('weights hold also where LPOP takes no count, as before Redis 6.2', async () => {
  const text = SCRIPTS.ackAndClaim.text.replace(
    "redis.pcall('LPOP', list, count)",
    "redis.pcall('LPOP', list, count, 'x')",
  );
  expect(text).not.toBe(SCRIPTS.ackAndClaim.text);
  const send: Connection['send'] = (args, options) =>
    connection.send(args[1] === SCRIPTS.ackAndClaim.sha ? ['EVAL', text, ...args.slice(2)] : args, options);
  const taken: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (const name of Object.keys(taken)) await push(name, ...slots(3000).map((n) => sized(1, n)));
  const s = testStore({ ...connection, send, tracking: true, ready: true }, 'a=5,b=3,c=1');
  for (let call = 0, claims: readonly Claim[] = []; call < 100; call++) {
    claims = (await s.ackAndClaim(done(claims), slots(25))).claims;
    expect(claims).toHaveLength(25);
    for (const { queue } of claims) taken[queue] += 1;
  }
  expect(taken.a / 2500).toBeCloseTo(5 / 9, 1.7);
  expect(taken.b / 2500).toBeCloseTo(3 / 9, 1.7);
  expect(taken.c / 2500).toBeCloseTo(1 / 9, 1.7);
});
