/** A Redis that accepts connections and does not answer: frozen, behind a dead proxy, or not a Redis at all. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/redis/connect.js';
import { startProxy } from '../../support/proxy.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { echo, type Stranger, speakHttp, speakSsh, startStranger } from '../../support/strangers.js';
import { until } from '../../support/until.js';

const optionsFor = (uri: string, silenceMs = 300) => ({ uri, name: 'test', silenceMs });

async function stranger(...given: Parameters<typeof startStranger>): Promise<Stranger> {
  const one = await startStranger(...given);
  onTestFinished(() => one.close());
  return one;
}

async function ownRedis(): Promise<TestRedis> {
  const redis = await startRedis();
  onTestFinished(async () => {
    redis.resume();
    await redis.stop();
  });
  return redis;
}

describe('at start', () => {
  const SILENT = { code: 'REDIS', message: 'Redis at it accepts connections but does not answer' };

  test('one that never answers is given up, by whoever is patient and by whoever is not', async () => {
    const { uri } = await stranger();
    await expect(connect(optionsFor(uri), 'it', { patient: false, withinMs: 1000 })).rejects.toMatchObject(SILENT);
    await expect(connect(optionsFor(uri), 'it', { withinMs: 1000 })).rejects.toMatchObject(SILENT);
  });

  test('a frozen server is waited for, and used when it goes on', async () => {
    const redis = await ownRedis();
    redis.pause();
    let told = 0;
    const connecting = connect(optionsFor(redis.uri), 'it', { withinMs: 60_000, onWaiting: () => told++ });
    await until(() => told === 1, { what: 'it was told that Redis is waited for' });
    redis.resume();
    const connection = await connecting;
    expect(await connection.send(['PING'])).toBe('PONG');
    await connection.close();
  });

  test('a stop ends the wait at once, and no connection is left', async () => {
    const silent = await stranger();
    const stop = new AbortController();
    const connecting = connect(optionsFor(silent.uri), 'it', { withinMs: 60_000 }, stop.signal);
    await until(() => silent.accepted > 0);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({
      code: 'REDIS',
      message: expect.stringMatching(/^stopped before Redis at it answered/),
    });
  });

  test.each([
    ['an HTTP server', speakHttp],
    ['an SSH server', speakSsh],
    ['an echo', echo],
  ])('%s is recognised at once', async (_, greet) => {
    const { uri } = await stranger(greet);
    await expect(connect(optionsFor(uri), 'it', { withinMs: 60_000 })).rejects.toMatchObject({
      code: 'REDIS',
      message: expect.stringMatching(/^something that is not Redis answers at it/),
    });
  });
});

describe('an open connection', () => {
  test('calls that a frozen server owes reject, and it is used again when it goes on', async () => {
    const redis = await ownRedis();
    let ready = 0;
    const connection = await connect(optionsFor(redis.uri), 'it', { onReady: () => ready++ });
    onTestFinished(() => connection.close());
    redis.pause();
    const owed = [connection.send(['INCR', 'n']), connection.send(['INCR', 'n'])];
    for (const reply of await Promise.allSettled(owed))
      expect(reply).toMatchObject({ reason: { name: 'ConnectionSilentError', message: /does not answer/ } });
    expect(connection.ready).toBe(false);
    redis.resume();
    await until(() => ready === 1, { what: 'it is connected again' });
    expect(await connection.send(['PING'])).toBe('PONG');
  });

  test('one that owes nothing is left alone, however long it is silent', async () => {
    const redis = await ownRedis();
    let ready = 0;
    const connection = await connect(optionsFor(redis.uri, 50), 'it', { onReady: () => ready++ });
    onTestFinished(() => connection.close());
    const id = await connection.send(['CLIENT', 'ID']);
    redis.pause();
    await new Promise((resolve) => setTimeout(resolve, 200));
    redis.resume();
    expect(await connection.send(['CLIENT', 'ID'])).toBe(id);
    expect(ready).toBe(0);
  });

  test('an event loop that was blocked while the reply came does not take it for missing', async () => {
    const redis = await ownRedis();
    const connection = await connect(optionsFor(redis.uri, 100), 'it');
    onTestFinished(() => connection.close());
    const reply = connection.send(['PING']);
    // Sent, and then nothing of ours runs.
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    expect(await reply).toBe('PONG');
  });

  test('is dropped: what is owed rejects at once, and so does whatever is sent later', async () => {
    const redis = await ownRedis();
    const connection = await connect(optionsFor(redis.uri, 0), 'it');
    redis.pause();
    const owed = connection.send(['PING']);
    connection.drop();
    await expect(owed).rejects.toThrow();
    await expect(connection.send(['PING'])).rejects.toThrow(/closed/);
    await connection.close();
  });
});

test('a connection that is cut: what is owed rejects with the reason', async () => {
  const redis = await ownRedis();
  const proxy = await startProxy(redis);
  onTestFinished(() => proxy.close());
  const connection = await connect(optionsFor(proxy.uri, 0), 'it');
  onTestFinished(() => connection.close());
  const lost = proxy.loseReply('INCR');
  const owed = connection.send(['INCR', 'n']);
  owed.catch(() => {});
  await lost;
  await expect(owed).rejects.toThrow(/closed unexpectedly|ECONNRESET/);
});
