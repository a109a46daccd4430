/** The test support keeps its own promises: a test that leans on a broken tool proves nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run, writeJobs } from './cli.js';
import { assertConserved, countJobs, leftoverKeys } from './conservation.js';
import { type RedisProxy, startProxy } from './proxy.js';
import { tempDir } from './reaper.js';
import { startRedis, type TestRedis } from './redis.js';
import { until } from './until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => redis.client.flushAll());

/** `ps`' letter for a process: T stopped, Z zombie, nothing where there is none. */
function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
    .stdout.toString()
    .trim();
}

describe('startRedis', () => {
  test('is a real server, for redis-cli too, that can be killed and comes back', async () => {
    await redis.client.set('a', '1');
    expect(await redis.cli('GET', 'a')).toBe('1');
    await redis.restart('SIGKILL');
    expect(await redis.client.get('a')).toBeNull();
  });

  test('can be frozen and thawed', async () => {
    redis.pause();
    let answered = false;
    const ping = redis.client.ping().then(() => {
      answered = true;
    });
    await until(() => stateOf(redis.pid).startsWith('T'), { what: 'the server is stopped' });
    expect(answered).toBe(false);
    redis.resume();
    await ping;
  });

  test('listens on a port where asked for, behind a password', async () => {
    const other = await startRedis({ port: true, password: 'secret' });
    const client = createClient({ url: other.uri });
    client.on('error', () => {});
    await client.connect();
    expect(await client.ping()).toBe('PONG');
    expect(other.port).not.toBe(6379);
    client.destroy();
    await other.stop();
  });

  test('says why a server does not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/redis-server left with 1/);
  });
});

test('the reaper ends what a killed test process leaves behind', async () => {
  const script = `
    import { tempDir, reaped } from ${JSON.stringify(new URL('./reaper.ts', import.meta.url).href)};
    import { spawn } from 'node:child_process';
    const child = reaped(spawn('sleep', ['1000']));
    console.log(JSON.stringify({ level: 30, time: '', msg: 'up', pid: child.pid, dir: tempDir('reaped') }));
    setInterval(() => {}, 1000);
  `;
  const jiti = new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url).pathname;
  const parent = run(process.execPath, [jiti, `${writeJobs(tempDir(), { 'parent.ts': script })}/parent.ts`]);
  const { pid, dir } = await parent.waitForLog('up');
  expect(existsSync(String(dir))).toBe(true);
  // Only the parent: the reaper is a child of it.
  process.kill(parent.pid, 'SIGKILL');
  await until(() => !existsSync(String(dir)), { what: 'the folder is gone' });
  // A container's first process may leave the dead unburied: a zombie is gone too.
  await until(() => /^(Z|$)/.test(stateOf(Number(pid))), { what: 'the child is gone' });
});

test('counts every job once, wherever it is', async () => {
  await redis.client
    .multi()
    .sAdd('resque:queues', ['high', 'low'])
    .rPush('resque:queue:high', ['a', 'b'])
    .rPush('resque:queue:low', 'c')
    .sAdd('resque:workers', ['h:1-0:high', 'h:1-1:high'])
    .set('resque:worker:h:1-0:high', '{}')
    .set('resque:worker:h:1-0:high:started', 'today')
    .rPush('resque:failed', '{}')
    .set('resque:stat:processed', '5')
    .zAdd('resque:tsworker:retries', { score: 1, value: 'low' })
    .zAdd('resque:tsworker:retries:low', { score: 1, value: '{}' })
    .exec();
  const counts = await assertConserved(redis.client, 11);
  const places = { queued: 3, claimed: 1, failed: 1, retrying: 1, processed: 5 };
  expect(counts).toMatchObject({ ...places, orphaned: 0, total: 11 });
  await redis.client.set('resque:worker:h:9-0:low', '{}');
  expect((await countJobs(redis.client)).orphaned).toBe(1);
  await expect(assertConserved(redis.client, 10)).rejects.toThrow(/conservation broken/);
  expect(await leftoverKeys(redis.client)).toContain('resque:worker:h:9-0:low');
  expect(await leftoverKeys(redis.client)).not.toContain('resque:queues');
});

describe('the proxy', () => {
  let proxy: RedisProxy;
  let client: ReturnType<typeof createClient>;
  beforeEach(async () => {
    proxy = await startProxy(redis);
    client = createClient({
      url: proxy.uri,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: 10 },
    }) as typeof client;
    client.on('error', () => {});
    await client.connect();
    return async () => {
      client.destroy();
      await proxy.close();
    };
  });

  test('loses exactly one reply: Redis has carried the request out', async () => {
    const lost = proxy.loseReply('SECRETKEY');
    await expect(client.incr('SECRETKEY')).rejects.toThrow();
    await lost;
    expect(await redis.client.get('SECRETKEY')).toBe('1');
    await until(() => client.isReady);
    expect(await client.incr('SECRETKEY')).toBe(2);
  });

  test('cuts before a request', async () => {
    const cut = proxy.cutBefore('other');
    await expect(client.incr('other')).rejects.toThrow();
    await cut;
    expect(await redis.client.get('other')).toBeNull();
  });

  test('holds everything in a black hole, then lets it pass', async () => {
    proxy.blackHole(true);
    const answer = client.incr('held');
    await redis.client.ping();
    expect(await redis.client.get('held')).toBeNull();
    proxy.blackHole(false);
    expect(await answer).toBe(1);
  });

  test('delays, cuts and refuses', async () => {
    proxy.delayMs = 30;
    const before = performance.now();
    await client.ping();
    expect(performance.now() - before).toBeGreaterThan(25);
    proxy.refuse(true);
    proxy.cut();
    await until(() => !client.isReady);
    proxy.refuse(false);
    await until(() => client.isReady);
    expect(proxy.accepted).toBeGreaterThan(1);
  });
});
