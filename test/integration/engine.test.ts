/** The engine on a real Redis: woken without polling, and no job is lost when replies, connections or servers are. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assertConserved, countJobs } from '../support/conservation.js';
import { gate, testEngine } from '../support/engine.js';
import { startProxy } from '../support/proxy.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection, testStore, testWorkerId } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  // A log that survives a restart: the server is killed and started again below.
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.configResetStat();
});

const payload = (n: number) => JSON.stringify({ class: 'J', args: [n] });

async function push(queue: string, n: number): Promise<void> {
  await redis.client
    .multi()
    .sAdd('resque:queues', queue)
    .rPush(
      `resque:queue:${queue}`,
      Array.from({ length: n }, (_, i) => payload(i)),
    )
    .exec();
}

/** Registers the test's workers, so that the counting of claims finds their records. */
async function register(slots = 5): Promise<void> {
  await redis.client.sAdd(
    'resque:workers',
    Array.from({ length: slots }, (_, i) => testWorkerId(i)),
  );
}

async function processed(): Promise<number> {
  return (await countJobs(redis.client)).processed;
}

async function scriptCalls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('waking', () => {
  test('a push to any of ten queues wakes it, one call each, and it never polls', async () => {
    const queues = Array.from({ length: 10 }, (_, i) => `q${i}`);
    await testEngine(redis.uri, () => {}, { queues });
    await until(async () => (await scriptCalls()) >= 1);
    for (let n = 1; n <= 50; n++) {
      await redis.client.rPush(`resque:queue:q${n % 10}`, payload(n));
      await until(async () => Number(await redis.client.get('resque:stat:processed')) === n, { everyMs: 1 });
    }
    // One call at the start; for each job one that claims it, and one that reports it and arms the wake-up again.
    expect(await scriptCalls()).toBeLessThanOrEqual(1 + 2 * 50);
  });

  test('idle it makes a call each interval', async () => {
    const { engine } = await testEngine(redis.uri, () => {}, { intervalMs: 20 });
    await until(async () => (await scriptCalls()) >= 4);
    await engine.stop();
  });

  test('and none in between', async () => {
    await testEngine(redis.uri, () => {});
    await until(async () => (await scriptCalls()) === 1);
    // Whatever it did by itself would have come to Redis before the last of these.
    for (let n = 0; n < 200; n++) await redis.client.ping();
    expect(await scriptCalls()).toBe(1);
  });

  test('many jobs travel in few calls', async () => {
    await push('q', 2000);
    await testEngine(redis.uri, () => {}, { concurrency: 25 });
    await until(async () => (await processed()) === 2000);
    expect(await scriptCalls()).toBeLessThanOrEqual((2 * 2000) / 25 + 5);
  });

  test('the end of a pause wakes it', async () => {
    await redis.client.set('resque:pause-all-workers', 'true');
    const { told } = await testEngine(redis.uri, () => {});
    await until(() => told.includes('paused'));
    await push('q', 3);
    await redis.client.del('resque:pause-all-workers');
    await until(async () => (await processed()) === 3);
    expect(told.filter((event) => event !== 'done')).toEqual(['paused', 'resumed']);
  });

  test('where tracking is refused it polls, often at first', async () => {
    await redis.client.sendCommand(['ACL', 'SETUSER', 'untracked', 'on', '>pw', '~*', '+@all', '-client|tracking']);
    const { engine } = await testEngine(redis.uri.replace('unix://', 'unix://untracked:pw@'), () => {}, {
      intervalMs: 200,
    });
    await until(async () => (await scriptCalls()) >= 3);
    await push('q', 10);
    await until(async () => (await processed()) === 10);
    await engine.stop();
  });

  test('where even RESP3 is refused it works', async () => {
    await redis.client.sendCommand([
      'ACL',
      'SETUSER',
      'plain',
      'on',
      '>pw',
      '~*',
      '+@all',
      '-hello',
      '-client|tracking',
    ]);
    await testEngine(redis.uri.replace('unix://', 'unix://plain:pw@'), () => {}, { intervalMs: 100 });
    await push('q', 10);
    await until(async () => (await processed()) === 10);
  });
});

describe('outages', () => {
  test('a claim whose reply was lost is found in Redis and run', async () => {
    await register();
    const proxy = await startProxy(redis);
    const ran: string[] = [];
    const { told } = await testEngine(proxy.uri, (run) => void ran.push(run.claim.payload.toString()));
    await until(async () => (await scriptCalls()) >= 1);
    const lost = proxy.loseReply('EVALSHA');
    await push('q', 3);
    await lost;
    await until(async () => (await processed()) === 3);
    expect(ran.sort()).toEqual([payload(0), payload(1), payload(2)]);
    expect(told).toContain('adopted 3');
    expect(told.filter((event) => event.startsWith('outage'))).toHaveLength(1);
    // Redis counts before its reply has reached the engine.
    await until(() => told.includes('restored'));
    expect(told).not.toContain('fenced');
    await assertConserved(redis.client, 3);
    await proxy.close();
  });

  test('a finish whose reply was lost counts once, and what was claimed by that call runs', async () => {
    await register();
    const proxy = await startProxy(redis);
    const blocked = gate();
    const { told } = await testEngine(proxy.uri, () => blocked.opened, { concurrency: 2 });
    await push('q', 5);
    await until(async () => (await countJobs(redis.client)).claimed === 2);
    const lost = proxy.loseReply('EVALSHA');
    blocked.open();
    await lost;
    await until(async () => (await processed()) === 5);
    expect(told.filter((event) => event === 'done')).toHaveLength(5);
    expect(told).not.toContain('fenced');
    await assertConserved(redis.client, 5);
    await proxy.close();
  });

  test('cut before the request, nothing has happened, and it is sent again', async () => {
    await register();
    const proxy = await startProxy(redis);
    await testEngine(proxy.uri, () => {});
    await until(async () => (await scriptCalls()) >= 1);
    const cut = proxy.cutBefore('EVALSHA');
    await push('q', 4);
    await cut;
    await until(async () => (await processed()) === 4);
    await assertConserved(redis.client, 4);
    await proxy.close();
  });

  test('a call that comes to Redis after reconnect and reconcile: its claims are found by the next call', async () => {
    await register();
    const { engine, told } = await testEngine(redis.uri, () => {});
    await until(async () => (await scriptCalls()) >= 1);
    engine.suspend(true);
    await push('q', 3);
    // The same process, as far as Redis can see.
    const late = testStore(await testConnection(redis.uri), 'q');
    expect((await late.ackAndClaim([], [0, 1, 2])).claims).toHaveLength(3);
    await push('q', 4);
    engine.suspend(false);
    await until(async () => (await processed()) === 7);
    expect(told).toContain('adopted 3');
    expect(told.filter((event) => event.startsWith('occupied'))).toEqual([]);
    await assertConserved(redis.client, 7);
  });

  test('connections cut again and again under load lose and double nothing', async () => {
    await register(25);
    const proxy = await startProxy(redis);
    const runs = new Map<string, number>();
    await push('q', 3000);
    await testEngine(
      proxy.uri,
      async (run) => {
        const key = run.claim.payload.toString();
        runs.set(key, (runs.get(key) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      },
      { concurrency: 25 },
    );
    let cuts = 0;
    await until(
      async () => {
        if (cuts++ < 30) proxy.cut();
        return (await processed()) === 3000;
      },
      { everyMs: 20 },
    );
    expect(runs.size).toBe(3000);
    expect([...runs.values()].every((n) => n === 1)).toBe(true);
    await assertConserved(redis.client, 3000);
    await proxy.close();
  });

  test('Redis is killed and comes back: jobs that ended meanwhile are reported then, and work goes on', async () => {
    await register();
    const blocked = gate();
    const { told } = await testEngine(redis.uri, () => blocked.opened);
    await push('q', 8);
    await until(async () => (await countJobs(redis.client)).claimed === 5);
    await redis.kill();
    blocked.open();
    await until(() => told.some((event) => event.startsWith('outage')));
    await redis.start();
    await until(() => redis.client.isReady);
    await until(async () => (await processed()) === 8);
    expect(told.filter((event) => event === 'done')).toHaveLength(8);
    expect(told.filter((event) => event.startsWith('outage'))).toHaveLength(1);
    await assertConserved(redis.client, 8);
  });

  test('a server that forgot the script gets it again', async () => {
    await testEngine(redis.uri, () => {});
    await push('q', 1);
    await until(async () => (await processed()) === 1);
    await redis.client.scriptFlush();
    await push('q', 1);
    await until(async () => (await processed()) === 2);
  });

  test('a replica that refuses writes is waited for', async () => {
    const { told } = await testEngine(redis.uri, () => {});
    await push('q', 1);
    await until(async () => (await processed()) === 1);
    await push('q', 4);
    await until(async () => (await processed()) === 5);
    await redis.client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await redis.client.sendCommand(['CONFIG', 'SET', 'replica-serve-stale-data', 'yes']);
    await redis.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await until(() => told.some((event) => /outage.*READONLY/.test(event)));
    await redis.client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await until(() => told.includes('restored'));
    await push('q', 5);
    await until(async () => (await processed()) === 10);
    expect(told.filter((event) => event.startsWith('outage'))).toHaveLength(1);
  });
});

describe('ending', () => {
  test('stop while idle takes no interval', async () => {
    const { engine } = await testEngine(redis.uri, () => {});
    await until(async () => (await scriptCalls()) >= 1);
    await engine.stop();
    expect(await engine.ended).toEqual({ requeued: 0, undelivered: 0 });
  });

  test('told to stop twice it still waits for its jobs', async () => {
    await register();
    const job = gate();
    const { engine } = await testEngine(redis.uri, () => job.opened);
    await push('q', 1);
    await until(() => engine.busy === 1);
    engine.quiet();
    engine.quiet();
    job.open();
    expect(await engine.ended).toEqual({ requeued: 0, undelivered: 0 });
    expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
  });

  test('claims that arrive after the stop go back to the head unrun', async () => {
    await register();
    const proxy = await startProxy(redis);
    await push('q', 7);
    proxy.delayMs = 30;
    const ran: unknown[] = [];
    const { engine } = await testEngine(proxy.uri, (run) => void ran.push(run), { concurrency: 5 });
    // Redis has claimed, the reply is on its way.
    await until(async () => (await countJobs(redis.client)).claimed === 5, { everyMs: 1 });
    await engine.stop();
    expect(ran).toHaveLength(0);
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([0, 1, 2, 3, 4, 5, 6].map(payload));
    expect(await engine.ended).toEqual({ requeued: 0, undelivered: 0 });
    await proxy.close();
  });

  test('a job that rejects because its signal aborted is put back; one that fails otherwise fails', async () => {
    await register();
    const { engine } = await testEngine(redis.uri, (run) => {
      const n = JSON.parse(run.claim.payload.toString()).args[0] as number;
      return new Promise<void>((_, reject) => {
        run.signal.addEventListener('abort', () =>
          reject(n === 0 ? run.signal.reason : new Error('cleaning up failed')),
        );
      });
    });
    await push('q', 2);
    await until(() => engine.busy === 2);
    engine.quiet();
    engine.abort(new Error('stopping'));
    expect(await engine.ended).toEqual({ requeued: 1, undelivered: 0 });
    expect(await assertConserved(redis.client, 2)).toMatchObject({ queued: 1, failed: 1 });
  });

  test('jobs that do not end are put back in order, and what they do later changes nothing', async () => {
    await register();
    const never = gate();
    const { engine, told } = await testEngine(redis.uri, () => never.opened);
    await push('q', 6);
    await until(() => engine.busy === 5);
    engine.quiet();
    engine.requeueAll();
    expect(await engine.ended).toEqual({ requeued: 5, undelivered: 0 });
    never.open();
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([0, 1, 2, 3, 4, 5].map(payload));
    expect(told).not.toContain('done');
  });

  test('exit on complete: at once when everything is done, not while paused', async () => {
    await register();
    await push('q', 20);
    await redis.client.set('resque:pause-all-workers', 'true');
    const { engine, told } = await testEngine(redis.uri, () => {}, { exitOnComplete: true });
    await until(() => told.includes('paused'));
    await redis.client.del('resque:pause-all-workers');
    await engine.ended;
    expect(await assertConserved(redis.client, 20)).toMatchObject({ processed: 20 });
  });

  test('exit on complete waits for the last job', async () => {
    await register();
    const blocked = gate();
    await push('q', 1);
    const { engine } = await testEngine(redis.uri, () => blocked.opened, { exitOnComplete: true });
    await until(() => engine.busy === 1);
    let ended = false;
    void engine.ended.then(() => {
      ended = true;
    });
    const calls = await scriptCalls();
    await push('q', 1);
    await until(async () => (await scriptCalls()) > calls);
    expect(ended).toBe(false);
    blocked.open();
    await engine.ended;
    expect(await processed()).toBe(2);
  });
});

test('a worker that was declared dead counts nothing, and says so', async () => {
  await register();
  const blocked = gate();
  const { told } = await testEngine(redis.uri, () => blocked.opened);
  await push('q', 1);
  await until(async () => (await countJobs(redis.client)).claimed === 1);
  await redis.client.del(`resque:worker:${testWorkerId(0)}`);
  await redis.client.rPush('resque:failed', 'disposed of');
  blocked.open();
  await until(() => told.includes('fenced'));
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 0, failed: 1 });
});
