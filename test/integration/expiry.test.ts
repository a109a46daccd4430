/** A job that expires before it begins does not run: it counts as processed, and the log and the metrics report it. */
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { close, enqueue, enqueueAt, enqueueIn, job, setSettings } from '../../src/index.js';
import { createJudge } from '../../src/job-modules/judge.js';
import { createPerform } from '../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../src/job-modules/registry.js';
import { retryPolicy } from '../../src/job-modules/retry-policy.js';
import { serverTimeMs } from '../../src/registry/clock.js';
import { decodePayload } from '../../src/resque/codec.js';
import { createKeys } from '../../src/resque/keys.js';
import { assertConserved, untilCounted } from '../support/conservation.js';
import { testEngine } from '../support/engine.js';
import { fakeIo } from '../support/io.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { NAMESPACE, testConnection } from '../support/store.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  setSettings({ uri: redis.uri });
});
afterAll(() => redis.stop());
afterEach(() => close());
beforeEach(async () => {
  await redis.client.flushAll();
});

const keys = createKeys(NAMESPACE);
const payloads = () => redis.client.lRange(keys.queue('q'), 0, -1);
const expiryOf = (payload: string) => decodePayload(Buffer.from(payload), true).expiresAt;
const now = async () => serverTimeMs(await testConnection(redis.uri));
const job7 = { queue: 'q', class: 'J', args: [7] };

/** Works the queue `q`. @returns what ran, and what the engine told */
async function work(serverMs?: () => Promise<number>) {
  const ran: unknown[] = [];
  const functions = new FunctionRegistry();
  functions.add({ class: 'J', fn: (_queue: string, arg: never) => void ran.push(arg) }, 'test');
  const log = pino({ enabled: false });
  const workerId = (slot: number) => `w:1-${slot}:q`;
  const connection = await testConnection(redis.uri);
  const clock = serverMs ?? (() => serverTimeMs(connection));
  const options = {
    functions,
    useNumber: true,
    workerId,
    timeoutMs: 0,
    attempts: 5,
    log,
    flags: {},
    serverTimeMs: clock,
  };
  const judge = createJudge({ functions, retry: retryPolicy(5, 'test'), workerId, log });
  const { told } = await testEngine(redis.uri, createPerform(options), { queues: 'q', judge });
  return { ran, told };
}

describe('a worker', () => {
  test('runs what has not expired, and counts what has as processed', async () => {
    const at = await now();
    const own = (ms: number) => `{"class":"J","args":[${ms}],"tsworker":{"expires_at":${at + ms}}}`;
    await redis.client.sAdd(keys.queues, 'q');
    await redis.client.rPush(keys.queue('q'), [own(-1), own(600_000), '{"class":"J","args":[1]}', own(-90_000)]);
    const { ran, told } = await work();
    await untilCounted(redis.client, { processed: 4, failed: 0, failedStat: 0, retrying: 0 });
    expect(ran.sort()).toEqual([1, 600_000]);
    expect(told.sort()).toEqual(['discarded', 'discarded', 'done', 'done']);
    await assertConserved(redis.client, 4);
  });

  test("takes its own clock where Redis' cannot be had, and no notice of what is no time", async () => {
    const odd = ['1', '"1"', '{}', 'null', '[]', '{"expires_at":"1"}', '{"expires_at":null}'];
    await redis.client.sAdd(keys.queues, 'q');
    await redis.client.rPush(keys.queue('q'), [
      ...odd.map((own, i) => `{"class":"J","args":[${i}],"tsworker":${own}}`),
      '{"class":"J","args":["past"],"tsworker":{"expires_at":1}}',
    ]);
    const { ran } = await work(() => Promise.reject(new Error('away')));
    await untilCounted(redis.client, { processed: 8 });
    expect(ran.sort()).toEqual(odd.map((_, i) => i));
  });
});

describe('who enqueues', () => {
  test('says it for a job, and the payload of others stays as it was', async () => {
    await enqueue([{ ...job7, expiresIn: 60 }, job7]);
    const [expiring, other] = await payloads();
    expect(other).toBe('{"class":"J","args":[7]}');
    expect(expiring).toMatch(/^\{"class":"J","args":\[7\],"tsworker":\{"expires_at":\d{13}\}\}$/);
    const left = (expiryOf(expiring) ?? 0) - (await now());
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_001);
  });

  test('counts from when it is due', async () => {
    const at = new Date('2100-01-01T00:00:00Z');
    await enqueueAt(at, { ...job7, expiresIn: 60 });
    const [item] = await redis.client.lRange(keys.delayedAt(String(at.getTime() / 1000)), 0, -1);
    expect(JSON.parse(item)).toEqual({
      ...{ class: 'J', args: [7], queue: 'q' },
      tsworker: { expires_at: at.getTime() + 60_000 },
    });
    await enqueueIn(0, { ...job7, expiresIn: 60 });
    expect(expiryOf((await payloads())[0])).toBeLessThanOrEqual((await now()) + 60_000);
  });

  test('a typed job has it from its definition', async () => {
    const typed = job({ class: 'J', queue: 'q', expiresIn: 0.5, perform: (_n: number) => {} });
    await typed.enqueue(7);
    const left = (expiryOf((await payloads())[0]) ?? 0) - (await now());
    expect(left).toBeGreaterThan(-10_000);
    expect(left).toBeLessThanOrEqual(501);
  });

  test('the command line too', async () => {
    const run = async (line: string) => {
      const io = fakeIo({ cwd: '/nowhere' });
      return { code: await main(line.split(' '), { REDIS_URL: redis.uri }, io), ...io.texts };
    };
    expect((await run('enqueue J 1.0 -queue=q -expires-in=1h')).code).toBe(0);
    expect((await payloads())[0]).toMatch(/^\{"class":"J","args":\[1\.0\],"tsworker":\{"expires_at":\d{13}\}\}$/);
    expect(await run('enqueue J -queue=q -expires-in=0s')).toMatchObject({
      code: 2,
      err: expect.stringContaining('more than 0'),
    });
    expect(await run('enqueue -file=- -expires-in=1h')).toMatchObject({
      code: 2,
      err: expect.stringContaining('one job'),
    });
  });

  test.each([0, -1, Number.NaN, 1e12, '60', null])('%s seconds are refused', async (expiresIn) => {
    const wrong = { ...job7, expiresIn: expiresIn as number };
    await expect(enqueue(wrong)).rejects.toThrow('expiresIn must be a number of seconds, more than 0');
    const definition = { class: 'J', expiresIn: expiresIn as number, perform() {} };
    expect(() => job(definition)).toThrow('expiresIn must be');
    expect(await payloads()).toEqual([]);
  });
});
