/** Which workers are found dead: processes that are gone from this machine at once, all others by their heartbeat. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import { heartbeatText } from '../../../src/registry/clock.js';
import { Heartbeat } from '../../../src/registry/heartbeat/heartbeat.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../../../src/registry/heartbeat-options.js';
import { type Identity, workerId } from '../../../src/registry/identity.js';
import { isGone, machineOf, parseStat } from '../../../src/registry/processes/process-fingerprint.js';
import { Pruner } from '../../../src/registry/recovery/pruner.js';
import type { Recovered } from '../../../src/registry/recovery/recover.js';
import { register } from '../../../src/registry/register.js';
import { assertConserved } from '../../support/conservation.js';
import { reaped } from '../../support/reaper.js';
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

const MINUTE = 60_000;
const MACHINES = 'resque:tsworker:machines';
const OURS: Identity = { namespace: 'resque:', label: 'host.ts', pid: process.pid, queues: 'q', concurrency: 2 };
const RECORD =
  '{"token":"abc-1-0","queue":"q","run_at":"2026-11-24T00:00:00.000Z","payload":{"class":"J","args":[1.0]}}';

function sleeper() {
  const child = reaped(spawn('sleep', ['600']));
  onTestFinished(() => void child.kill('SIGKILL'));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = child.pid as number;
  return {
    pid,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Another process, registered, with a job in hand. */
async function other(pid: number, concurrency = 3): Promise<Identity> {
  const identity = await register(connection, { ...OURS, pid, concurrency });
  await redis.client.set(`resque:worker:${workerId(identity, 1)}`, RECORD);
  return identity;
}

async function pruneOnce(more: Partial<HeartbeatOptions> = {}): Promise<Recovered[]> {
  const told: HeartbeatMessage[] = [];
  const identity = await register(connection, OURS);
  const options = { identity, heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE, forcePrune: false, ...more };
  await new Pruner(connection, options, (message) => told.push(message)).prune(Date.now(), 0);
  expect(told.filter(({ kind }) => kind === 'problem')).toEqual([]);
  return told.flatMap((message) => (message.kind === 'pruned' ? [message.worker] : []));
}

describe('machines', () => {
  test('a process is known by boot, pid namespace and its start, and gone when it is', async () => {
    const child = sleeper();
    const machine = machineOf(child.pid) as string;
    expect(machine).toMatch(/^[-0-9a-f]{36} pid:\[\d+\] \d+$/);
    expect(isGone(machine, child.pid)).toBe(false);
    await child.kill();
    expect(isGone(machine, child.pid)).toBe(true);
    expect(machineOf(child.pid)).toBeUndefined();
  });

  test('another start with the same pid is another process; another boot or namespace says nothing', () => {
    const own = machineOf(process.pid) as string;
    const [boot, namespace, start] = own.split(' ');
    expect(isGone(own, process.pid)).toBe(false);
    expect(isGone(`${boot} ${namespace} ${Number(start) - 1}`, process.pid)).toBe(true);
    expect(isGone(`${boot} pid:[1] ${start}`, 2 ** 22 + 1)).toBe(false);
    expect(isGone(`0${boot.slice(1)}x ${namespace} ${start}`, 2 ** 22 + 1)).toBe(false);
    for (const pid of [0, -1, Number.NaN, 1.5]) expect(isGone(own, pid)).toBe(false);
  });

  test('a name with blanks and parentheses does not shift the fields', () => {
    const rest = 'S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 98765 20';
    expect(parseStat(`4711 (a) b (c) ${rest}`)).toEqual({ state: 'S', start: '98765' });
    expect(parseStat(`4711 (node) ${rest}\n`)).toEqual({ state: 'S', start: '98765' });
    expect(parseStat('junk')).toBeUndefined();
  });
});

describe('at start', () => {
  test('a process of this machine that is gone is recovered at once, though its heartbeat is fresh', async () => {
    const child = sleeper();
    const identity = await other(child.pid);
    await child.kill();
    const recovered = await pruneOnce();
    expect(recovered).toHaveLength(3);
    expect(recovered.every(({ death }) => death === 'gone')).toBe(true);
    expect(recovered.find((worker) => worker.job)).toMatchObject({
      id: workerId(identity, 1),
      job: { outcome: 'requeued' },
    });
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"J","args":[1.0]}']);
    expect(await redis.client.hKeys(MACHINES)).toEqual([`host.ts:${process.pid}`]);
    expect(await redis.client.zCard('resque:tsworker:processes')).toBe(1);
    expect(await redis.client.sCard('resque:workers')).toBe(2);
    await assertConserved(redis.client, 1);
  });

  test('one that lives is left alone, and so is a pid on another machine', async () => {
    const child = sleeper();
    await other(child.pid);
    const gone = sleeper();
    const elsewhere = await other(gone.pid);
    await gone.kill();
    const name = `${elsewhere.label}:${elsewhere.pid}`;
    const value = (await redis.client.hGet(MACHINES, name)) as string;
    await redis.client.hSet(MACHINES, name, value.replace('pid:[', 'pid:[9'));
    expect(await pruneOnce()).toEqual([]);
    expect(await redis.client.sCard('resque:workers')).toBe(8);
  });

  test('its pid has been given to another process meanwhile', async () => {
    const child = sleeper();
    const identity = await other(child.pid);
    const name = `${identity.label}:${identity.pid}`;
    const value = (await redis.client.hGet(MACHINES, name)) as string;
    await redis.client.hSet(MACHINES, name, value.replace(/\d+$/, '1'));
    expect(await pruneOnce()).toHaveLength(3);
  });

  test('-on-dead=fail: Resque’s words for a certain death', async () => {
    const child = sleeper();
    await other(child.pid);
    await child.kill();
    await pruneOnce({ onDead: 'fail' });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry)).toMatchObject({ exception: 'Resque::DirtyExit', error: 'Job still being processed' });
    await assertConserved(redis.client, 1);
  });
});

describe('by heartbeat', () => {
  test('an expired one wins over a process that lives; -on-dead=fail says it in Resque’s words', async () => {
    const child = sleeper();
    const identity = await other(child.pid);
    const id = workerId(identity, 1);
    await redis.client.hSet('resque:workers:heartbeat', id, heartbeatText(Date.now() - 6 * MINUTE));
    const recovered = await pruneOnce({ onDead: 'fail' });
    expect(recovered).toMatchObject([{ id, death: 'expired', job: { outcome: 'failed' } }]);
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry)).toMatchObject({
      exception: 'Resque::PruneDeadWorkerDirtyExit',
      error: `Worker ${id} did not gracefully exit while processing J`,
    });
  });

  test('is looked for at every beat, and the death is counted', async () => {
    const told: HeartbeatMessage[] = [];
    const identity = await register(connection, OURS);
    const options = { identity, heartbeatMs: 20, pruneAfterMs: 5 * MINUTE, forcePrune: false };
    const heartbeat = new Heartbeat(connection, options, (message) => told.push(message));
    onTestFinished(() => heartbeat.stop());
    await heartbeat.start();
    const victim = await other(sleeper().pid);
    for (const slot of [0, 1, 2])
      await redis.client.hSet('resque:workers:heartbeat', workerId(victim, slot), '2026-01-01T00:00:00Z');
    await until(() => told.filter(({ kind }) => kind === 'pruned').length === 3);
    expect(await redis.client.lLen('resque:queue:q')).toBe(1);
    expect(await redis.client.hLen('resque:tsworker:suspects')).toBe(1);
  });

  test('processes that beat no more are counted no more, and their machine is forgotten', async () => {
    await redis.client.zAdd('resque:tsworker:processes', { score: 1, value: 'old:1' });
    await redis.client.hSet(MACHINES, { 'old:1': '1 boot pid:[1] 5' });
    const options = { identity: await register(connection, OURS), heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE };
    const heartbeat = new Heartbeat(connection, { ...options, forcePrune: false }, () => {});
    onTestFinished(() => heartbeat.stop());
    await heartbeat.start();
    expect(await redis.client.zRange('resque:tsworker:processes', 0, -1)).toEqual([`host.ts:${process.pid}`]);
    await until(async () => (await redis.client.hLen(MACHINES)) === 1);
    expect(await redis.client.hKeys(MACHINES)).toEqual([`host.ts:${process.pid}`]);
  });

  test('suspects that nobody ran for 72 hours are forgotten', async () => {
    const now = Math.floor(Date.now() / 1000);
    await redis.client.hSet('resque:tsworker:suspects', {
      old: `1/a ${now - 72 * 3600 - 9}/b`,
      young: `1/a ${now - 72 * 3600 + 99}/b`,
    });
    await pruneOnce();
    expect(await redis.client.hKeys('resque:tsworker:suspects')).toEqual(['young']);
  });
});
