/** Pruning beside the heartbeats: in pipelined steps, never two at a time, and no stop waits for it. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import { Heartbeat } from '../../../src/registry/heartbeat/heartbeat.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../../../src/registry/heartbeat-options.js';
import type { Identity } from '../../../src/registry/identity.js';
import { pruneDead, pruneExpired } from '../../../src/registry/recovery/prune.js';
import { Pruner } from '../../../src/registry/recovery/pruner.js';
import { register } from '../../../src/registry/register.js';
import { assertConserved } from '../../support/conservation.js';
import { writeDeadProcess } from '../../support/dead.js';
import { gate } from '../../support/engine.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';
import { until } from '../../support/until.js';

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

const LIVE: Identity = { namespace: 'resque:', label: 'live.ts', pid: 1, queues: 'q', concurrency: 2 };
const MINUTE = 60_000;

function heartbeatOn(through: Connection, identity: Identity, more: Partial<HeartbeatOptions> = {}) {
  const told: HeartbeatMessage[] = [];
  const options = { identity, heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE, forcePrune: false, ...more };
  const heartbeat = new Heartbeat(through, options, (message) => told.push(message));
  onTestFinished(() => heartbeat.stop());
  const count = (kind: HeartbeatMessage['kind']) => told.filter((message) => message.kind === kind).length;
  return { heartbeat, told, count };
}

/** The same connection; what goes to a dead worker's keys waits, where the test says so, and is counted in round trips. */
function watched(hold?: Promise<void>) {
  let underWay = 0;
  const seen = { trips: 0, recoveries: 0 };
  const send: Connection['send'] = async (args, options) => {
    const recovers = /^EVAL/.test(String(args[0])) && args.some((arg) => /worker:dead/.test(String(arg)));
    if (recovers) {
      seen.recoveries++;
      await hold;
    }
    if (underWay++ === 0) seen.trips++;
    return await connection.send(args, options).finally(() => underWay--);
  };
  return {
    connection: {
      tracking: false,
      ready: true,
      send,
      drop: () => {},
      limitSilence: () => {},
      close: async () => {},
    } satisfies Connection,
    seen,
  };
}

const workers = () => redis.client.sCard('resque:workers');

describe('while dead workers are recovered', () => {
  test('the beats go on, and no second pruning begins', async () => {
    await writeDeadProcess(redis.client, { slots: 300, jobs: 300 });
    const identity = await register(connection, LIVE);
    const held = gate();
    const { connection: slow, seen } = watched(held.opened);
    const { heartbeat, count } = heartbeatOn(slow, identity, { heartbeatMs: 10 });
    await heartbeat.start();
    await until(() => seen.recoveries > 0);
    const before = seen.recoveries;
    const beats = count('beat');
    await until(() => count('beat') > beats + 5);
    expect(seen.recoveries).toBe(before);
    expect(count('pruned')).toBe(0);
    held.open();
    await until(async () => (await workers()) === 2);
    await assertConserved(redis.client, 300);
  });

  test('a stop waits for the step under way, and not for the rest', async () => {
    await writeDeadProcess(redis.client, { slots: 3000, jobs: 3000 });
    const identity = await register(connection, LIVE);
    const held = gate();
    const { connection: slow, seen } = watched(held.opened);
    const { heartbeat } = heartbeatOn(slow, identity);
    await heartbeat.start();
    await until(() => seen.recoveries > 0);
    const step = seen.recoveries;
    expect(step).toBeLessThan(1000);
    const stopped = heartbeat.stop();
    held.open();
    await stopped;
    expect(seen.recoveries).toBe(step);
    await assertConserved(redis.client, 3000);
    // Whoever comes next goes on with the rest.
    await redis.client.del('resque:pruning_dead_workers_in_progress');
    const { heartbeat: next } = heartbeatOn(connection, identity);
    await next.start();
    await until(async () => (await workers()) === 2);
    await assertConserved(redis.client, 3000);
  });

  test('many slots share a round trip', async () => {
    await writeDeadProcess(redis.client, { slots: 4000, jobs: 1000 });
    const identity = await register(connection, LIVE);
    const { connection: counted, seen } = watched();
    const { heartbeat } = heartbeatOn(counted, identity);
    await heartbeat.start();
    await until(async () => (await workers()) === 2);
    expect(seen.trips).toBeLessThan(200);
    await assertConserved(redis.client, 1000);
  });

  test('every dead worker that had a job is told of', async () => {
    await writeDeadProcess(redis.client, { slots: 250, jobs: 3 });
    const { heartbeat, told } = heartbeatOn(connection, await register(connection, LIVE));
    await heartbeat.start();
    await until(async () => (await workers()) === 2);
    const jobs = () => told.filter((message) => message.kind === 'pruned' && message.worker.job !== undefined);
    await until(() => jobs().length === 3);
  });
});

test.each([
  ['with an entry of its process', true],
  ['without one', false],
])('a worker whose job ends in the moment in which it is pruned is found again the next time: %s', async (_, shown) => {
  const [first] = await writeDeadProcess(redis.client, { slots: 2, jobs: 1 });
  if (shown) await redis.client.hSet('resque:tsworker:machines', 'dead.ts:9', '1 boot pid:[1] 5');
  const options = { identity: LIVE, heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE, forcePrune: false };
  let ends = 0;
  // Its process was about to leave, and its last call comes between the look at its record and the script.
  const send: Connection['send'] = async (args, more) => {
    if (/^EVAL/.test(String(args[0])) && args.includes(first) && ends++ === 0)
      await redis.client.del(`resque:worker:${first}`);
    return await connection.send(args, more);
  };
  await pruneDead({ ...watched().connection, send }, options, Date.now(), { pruned: () => {} });
  expect([ends > 0, await redis.client.sMembers('resque:workers')]).toEqual([true, [first]]);
  await redis.client.del('resque:pruning_dead_workers_in_progress');
  await pruneDead(connection, options, Date.now(), { pruned: () => {} });
  expect(await redis.client.sMembers('resque:workers')).toEqual([]);
  await redis.client.del('resque:pruning_dead_workers_in_progress');
  await pruneDead(connection, options, Date.now(), { pruned: () => {} });
  expect(await redis.client.exists('resque:tsworker:machines')).toBe(0);
});

describe('after a break in which nobody could beat', () => {
  const BEATS = 'resque:tsworker:beats';
  const prunedOf = (told: readonly HeartbeatMessage[]) => told.filter((message) => message.kind === 'pruned');

  /** What the fleet left: the last beat of all was so long ago, after beats without a break. */
  async function lastBeat(agoMs: number): Promise<void> {
    await redis.client.set(BEATS, `${Date.now() - 3_600_000} ${Date.now() - agoMs}`);
    await writeDeadProcess(redis.client, { slots: 2, jobs: 2, silentMs: agoMs + 20_000 });
  }

  async function beat(more: Partial<HeartbeatOptions> = {}) {
    const { heartbeat, told } = heartbeatOn(connection, await register(connection, LIVE), more);
    await heartbeat.start();
    await heartbeat.stop();
    return { heartbeat, told };
  }

  test('the first that beats again prunes nobody, whoever it is, nor does the next', async () => {
    await lastBeat(6 * MINUTE);
    expect(prunedOf((await beat()).told)).toEqual([]);
    await redis.client.del('resque:pruning_dead_workers_in_progress');
    expect(prunedOf((await beat()).told)).toEqual([]);
    expect(await redis.client.lLen('resque:queue:q')).toBe(0);
    expect(await workers()).toBe(6);
  });

  test('a break that is shorter, but in which the oldest heartbeats expired, counts too', async () => {
    await lastBeat(5 * MINUTE - 10_000);
    expect(prunedOf((await beat()).told)).toEqual([]);
  });

  test('who has not come back after a full time is pruned', async () => {
    await lastBeat(6 * MINUTE);
    await beat();
    const [since, last] = ((await redis.client.get(BEATS)) as string).split(' ').map(Number);
    expect(last).toBe(since);
    await redis.client.set(BEATS, `${since - 5 * MINUTE - 1} ${last - 1000}`);
    const { heartbeat, count } = heartbeatOn(connection, await register(connection, LIVE));
    await heartbeat.start();
    await until(() => count('pruned') === 2);
    await assertConserved(redis.client, 2);
  });

  test('without a break an old heartbeat is a death, and a beat that is late now and then is no break', async () => {
    await lastBeat(2 * MINUTE);
    await writeDeadProcess(redis.client, { name: 'other.ts:1', slots: 1 });
    const { heartbeat, count } = heartbeatOn(connection, await register(connection, LIVE));
    await heartbeat.start();
    await until(() => count('pruned') === 1);
  });

  test('a clock of Redis that was set does not make the living dead, nor keeps the dead for ever', async () => {
    await redis.client.set(BEATS, `${Date.now() + 3_600_000} ${Date.now() + 7_200_000}`);
    await writeDeadProcess(redis.client, { slots: 1 });
    await beat();
    const [since] = ((await redis.client.get(BEATS)) as string).split(' ').map(Number);
    expect(since).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await workers()).toBe(3);
  });

  test.each([
    ['a list', ['LPUSH', BEATS, 'x']],
    ['junk', ['SET', BEATS, 'junk']],
  ])('%s in its key is replaced', async (_, command) => {
    await redis.cli(...command);
    const { told } = await beat();
    expect(told.map(({ kind }) => kind)).toEqual(['beat']);
    expect(await redis.client.get(BEATS)).toMatch(/^0 \d{13}$/);
  });

  test('who beats while Redis is full tries again soon, and tells of it once', async () => {
    const identity = await register(connection, LIVE);
    await redis.client.configSet('maxmemory', '1');
    onTestFinished(async () => {
      await redis.client.configSet('maxmemory', '0');
    });
    const { heartbeat, told, count } = heartbeatOn(connection, identity, { heartbeatMs: 20, pruneAfterMs: 1000 });
    await heartbeat.start();
    expect(count('problem')).toBe(1);
    const before = (await redis.client.info('commandstats')).match(/cmdstat_evalsha:calls=(\d+)/)?.[1];
    await until(async () => {
      const now = (await redis.client.info('commandstats')).match(/cmdstat_evalsha:calls=(\d+)/)?.[1];
      return Number(now) > Number(before) + 5;
    });
    expect(told).toEqual([expect.objectContaining({ kind: 'problem', message: expect.stringMatching(/OOM/) })]);
    await redis.client.configSet('maxmemory', '0');
    await until(() => count('beat') > 0);
  });
});

describe('a goworker', () => {
  const id = 'web1:4711-0:q,q';
  const prune = (more: Partial<HeartbeatOptions> = {}) =>
    pruneOnce({ heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE, forcePrune: false, ...more });

  async function pruneOnce(options: Omit<HeartbeatOptions, 'identity'>): Promise<HeartbeatMessage[]> {
    const told: HeartbeatMessage[] = [];
    const identity = await register(connection, LIVE);
    await new Pruner(connection, { ...options, identity }, (message) => told.push(message)).prune(Date.now(), 0);
    return told;
  }

  /** As it writes it: a heartbeat when it starts, a record and the start with each job. */
  async function goworker(startedMs: number, runMs: number): Promise<void> {
    const at = (agoMs: number) => new Date(Date.now() - agoMs).toISOString();
    const record = `{"queue":"q","run_at":"${at(runMs).replace('Z', '462355Z')}","payload":{"class":"Go","args":[1]}}`;
    await redis.client.sAdd('resque:workers', id);
    await redis.client.hSet('resque:workers:heartbeat', id, at(startedMs).replace(/\.\d+/, ''));
    await redis.client.mSet({
      [`resque:worker:${id}`]: record,
      [`resque:worker:${id}:started`]: '2026-11-24 06:00:50.462355261 +0300 MSK m=+0.016242135',
      [`resque:stat:processed:${id}`]: '0',
    });
  }

  test('that runs a job keeps it, however long ago it started', async () => {
    await goworker(7 * 24 * 60 * MINUTE, 10 * MINUTE);
    expect(await prune()).toEqual([]);
    expect(await redis.client.lLen('resque:failed')).toBe(0);
    expect(await redis.client.sIsMember('resque:workers', id)).toBe(1);
  });

  test('whose job began 12 times -prune-after ago is dead', async () => {
    await goworker(100 * MINUTE, 61 * MINUTE);
    expect(await prune()).toEqual([expect.objectContaining({ kind: 'pruned' })]);
    expect(await redis.client.lLen('resque:failed')).toBe(1);
  });

  test('is dead by -force-prune', async () => {
    await goworker(10 * MINUTE, MINUTE);
    expect(await prune({ forcePrune: true })).toEqual([expect.objectContaining({ kind: 'pruned' })]);
    expect(await redis.client.lLen('resque:failed')).toBe(1);
  });

  test('is not what a worker of ours is that lost its start in the middle of a pruning', async () => {
    const [first] = await writeDeadProcess(redis.client, { slots: 2 });
    await redis.client.del(`resque:worker:${first}:started`);
    await redis.client.hSet('resque:tsworker:machines', 'dead.ts:9', '1 boot pid:[1] 5');
    expect(await prune()).toHaveLength(2);
    expect(await redis.client.hExists('resque:tsworker:machines', 'dead.ts:9')).toBe(0);
  });
});

test('a worker whose pruner died after it had deleted the start is pruned by another, whoever looked meanwhile', async () => {
  const [first] = await writeDeadProcess(redis.client, { slots: 1, jobs: 0 });
  const beat = Date.parse((await redis.client.hGet('resque:workers:heartbeat', first)) as string);
  // What a pruner leaves that is killed between the deletion of the start and the recovery.
  await redis.client.del(`resque:worker:${first}:started`);
  await redis.client.hSet('resque:tsworker:machines', 'dead.ts:9', '0');
  const options = { identity: LIVE, heartbeatMs: 1, pruneAfterMs: MINUTE, forcePrune: false };
  const pruned: string[] = [];
  const steps = { pruned: ({ id }: { id: string }) => void pruned.push(id) };
  // Another one for which the heartbeat is not old enough yet.
  await pruneExpired(connection, options, beat + MINUTE / 2, steps);
  expect(pruned).toEqual([]);
  await pruneExpired(connection, options, beat + 2 * MINUTE, steps);
  expect(pruned).toEqual([first]);
  expect(await redis.client.hLen('resque:tsworker:machines')).toBe(0);
});
