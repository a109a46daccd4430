/** Patterns on a real Redis: matching queues are processed, new ones at once, and excluded ones never. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QueuesInput } from '../../src/config/queues.js';
import type { Run } from '../../src/engine/run.js';
import { assertConserved } from '../support/conservation.js';
import { testEngine } from '../support/engine.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { claimFully, testConnection, testStore, testWorkerId } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.sAdd(
    'resque:workers',
    Array.from({ length: 8 }, (_, slot) => testWorkerId(slot)),
  );
});

const job = (n: unknown) => JSON.stringify({ class: 'J', args: [n] });

async function push(queue: string, ...args: unknown[]): Promise<void> {
  await redis.client.multi().sAdd('resque:queues', queue).rPush(`resque:queue:${queue}`, args.map(job)).exec();
}

async function bedOf(queues: QueuesInput) {
  const connection = await testConnection(redis.uri);
  return { connection, store: testStore(connection, queues) };
}

/** An engine that looks at its queues only when it is told to, and what it ran. */
async function running(queues: QueuesInput) {
  const ran: string[] = [];
  const perform = ({ claim }: Run) => void ran.push(claim.queue);
  const { engine } = await testEngine(redis.uri, perform, { queues });
  return { engine, ran };
}

const commandCalls = async (name: string): Promise<number> =>
  Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await redis.client.info('commandstats'))?.[1] ?? 0);

describe('claims', () => {
  test('in the order of the list, each pattern in the order of bytes, and without what is excluded', async () => {
    for (const name of ['low', 'mail_b', 'x', 'mail_a', 'A', 'critical', '.hidden']) await push(name, 1);
    const { claims, drained } = await claimFully(await bedOf('critical,mail_*,*,!low'), [0, 1, 2, 3, 4, 5, 6]);
    expect(claims.map(({ queue }) => queue)).toEqual(['critical', 'mail_a', 'mail_b', 'A', 'x']);
    expect(drained).toBe(true);
    expect(await redis.client.lLen('resque:queue:low')).toBe(1);
    await assertConserved(redis.client, 7);
  });

  test('by weight: a pattern gives its weight to each queue that it matches', async () => {
    const jobs = Array.from({ length: 400 }, (_, n) => n);
    for (const name of ['a', 'b', 'critical']) await push(name, ...jobs);
    const { store } = await bedOf('critical=2,*=1');
    const counts: Record<string, number> = { a: 0, b: 0, critical: 0 };
    for (let n = 0; n < 100; n++) {
      const { claims } = await store.ackAndClaim([], [0, 1, 2, 3]);
      for (const { queue } of claims) counts[queue]++;
      await store.ackAndClaim(
        claims.map((claim) => ({ claim, outcome: { kind: 'done' } as const })),
        [],
      );
    }
    expect(counts.critical / 400).toBeGreaterThan(0.47);
    expect(counts.critical / 400).toBeLessThan(0.53);
    expect(Math.abs(counts.a - counts.b)).toBeLessThan(15);
  });

  test('what is in quarantine, by the same patterns', async () => {
    await redis.client.rPush('resque:tsworker:quarantine:mail_a', job(1));
    await redis.client.sAdd('resque:tsworker:quarantine', 'mail_a');
    const store = testStore(await testConnection(redis.uri), 'mail_*', 'nonce', { quarantine: true });
    expect((await store.ackAndClaim([], [0])).claims.map(({ queue }) => queue)).toEqual(['mail_a']);
  });

  test('no queue at all is drained, and a name that is no UTF-8 is left alone', async () => {
    expect(await claimFully(await bedOf('*'), [0])).toMatchObject({ claims: [], drained: true });
    await redis.client.sendCommand(['SADD', 'resque:queues', Buffer.from([0x66, 0xff])]);
    expect(await claimFully(await bedOf('*'), [0])).toMatchObject({ claims: [], drained: true });
  });
});

describe('a running worker', () => {
  test('works a new queue at once, and reads the set only when it has changed', async () => {
    const { ran } = await running('known,mail_*');
    await until(async () => (await commandCalls('evalsha')) > 0);
    await push('mail_new', 1);
    await until(() => ran.includes('mail_new'));
    const reads = await commandCalls('smembers');
    for (let n = 0; n < 20; n++) await push('mail_new', n);
    await until(() => ran.length === 21);
    expect(await commandCalls('smembers')).toBe(reads);
    await push('other', 1);
    await push('mail_other', 1);
    await until(() => ran.includes('mail_other'));
    expect(ran).not.toContain('other');
    await assertConserved(redis.client, 23);
  });

  test('works 300 new queues that come one after the other', async () => {
    const { ran } = await running('*');
    for (let n = 0; n < 300; n++) await push(`q${n}`, n);
    await until(() => new Set(ran).size === 300);
    await assertConserved(redis.client, 300);
  });

  test('works a queue that its own process has created over its own connection', async () => {
    const ran: string[] = [];
    const connection = await testConnection(redis.uri);
    const store = testStore(connection, '*');
    expect((await store.ackAndClaim([], [0])).claims).toEqual([]);
    await connection.send(['SADD', 'resque:queues', 'own']);
    await connection.send(['RPUSH', 'resque:queue:own', job(1)]);
    store.pushedTo(['own']);
    await until(async () => {
      ran.push(...(await store.ackAndClaim([], [0])).claims.map(({ queue }) => queue));
      return ran.includes('own');
    });
  });

  test('finds what came while its connection was lost', async () => {
    const { ran } = await running('*');
    await push('first', 1);
    await until(() => ran.includes('first'));
    for (const line of String(await redis.client.sendCommand(['CLIENT', 'LIST'])).split('\n')) {
      if (/ name=\S*test|flags=\S*t/.test(line))
        await redis.client.sendCommand(['CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '']);
    }
    await push('second', 1);
    await until(() => ran.includes('second'));
  });

  test('forgets a queue that was removed, and works it again when it is back', async () => {
    const { ran } = await running('*');
    await push('q', 1);
    await until(() => ran.length === 1);
    await redis.client.sRem('resque:queues', 'q');
    await push('q', 2);
    await until(() => ran.length === 2);
    await assertConserved(redis.client, 2);
  });
});
