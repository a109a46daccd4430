/** Registering, heartbeats, unregistering, and finding dead workers, on a real Redis. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../../../src/redis/connection.js';
import { heartbeatText } from '../../../src/registry/clock.js';
import { Heartbeat } from '../../../src/registry/heartbeat/heartbeat.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../../../src/registry/heartbeat-options.js';
import { type Identity, workerId } from '../../../src/registry/identity.js';
import { Pruner } from '../../../src/registry/recovery/pruner.js';
import { recoverWorker } from '../../../src/registry/recovery/recover.js';
import { enterAll, register, unregister } from '../../../src/registry/register.js';
import { createKeys } from '../../../src/resque/keys.js';
import { ACL_OF_HISTORY, SMALLEST_ACL } from '../../support/acl.js';
import { assertConserved, leftoverKeys } from '../../support/conservation.js';
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

const WANTED: Identity = { namespace: 'resque:', label: 'host.ts', pid: 1, queues: 'high,low', concurrency: 3 };
const MINUTE = 60_000;

function options(identity: Identity, more: Partial<HeartbeatOptions> = {}): HeartbeatOptions {
  return { identity, heartbeatMs: MINUTE, pruneAfterMs: 5 * MINUTE, forcePrune: false, ...more };
}

async function beating(identity: Identity, more: Partial<HeartbeatOptions> = {}) {
  const told: HeartbeatMessage[] = [];
  const heartbeat = new Heartbeat(connection, options(identity, more), (message) => told.push(message));
  onTestFinished(() => heartbeat.stop());
  await heartbeat.start();
  return { heartbeat, told };
}

async function ids(): Promise<string[]> {
  return (await redis.client.sMembers('resque:workers')).sort();
}

/** A worker that beat long ago, with what it had in hand. */
async function deadWorker(id: string, record?: string, beat = heartbeatText(Date.now() - 6 * MINUTE)): Promise<void> {
  await redis.client.sAdd('resque:workers', id);
  await redis.client.hSet('resque:workers:heartbeat', id, beat);
  await redis.client.set(`resque:worker:${id}:started`, '2026-11-24 02:58:25 +0000');
  await redis.client.set(`resque:stat:processed:${id}`, '7');
  if (record !== undefined) await redis.client.set(`resque:worker:${id}`, record);
}

/** The same connection; before each call something else happens in Redis. */
function interrupted(by: () => Promise<unknown>): Connection {
  const send: Connection['send'] = async (args, options) => {
    await by();
    return await connection.send(args, options);
  };
  return {
    tracking: connection.tracking,
    ready: true,
    send,
    drop: () => {},
    limitSilence: () => {},
    close: async () => {},
  };
}

describe('registering', () => {
  test('whoever is taken for dead in the middle of it, one slot or another, leaves no trace outside of the books', async () => {
    const keys = createKeys('resque:');
    for (const slot of [0, 1, 2]) {
      const id = workerId(WANTED, slot);
      const dead = { id, death: 'seen', heartbeat: '*' } as const;
      await enterAll(
        interrupted(() => recoverWorker(connection, keys, dead, {})),
        WANTED,
        Date.now(),
      );
      for (const key of await redis.client.keys('resque:worker:*:started'))
        expect(await ids()).toContain(key.slice('resque:worker:'.length, -':started'.length));
      await redis.client.flushAll();
    }
  });

  test('writes what Ruby reads: the set, the start, the heartbeat, for every slot', async () => {
    const identity = await register(connection, WANTED);
    expect(identity).toEqual(WANTED);
    expect(await ids()).toEqual([0, 1, 2].map((slot) => `host.ts:1-${slot}:high,low`));
    const beats = await redis.client.hGetAll('resque:workers:heartbeat');
    expect(Object.keys(beats).sort()).toEqual(await ids());
    for (const beat of Object.values(beats)) expect(beat).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await redis.client.get('resque:worker:host.ts:1-2:high,low:started')).toMatch(/^\d{4}-.* \+0000$/);
  });

  test('two processes with one host name and pid never share an id', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => register(connection, WANTED)));
    expect(new Set(all.map((identity) => workerId(identity, 0))).size).toBe(4);
    expect(await ids()).toHaveLength(12);
  });

  test.each([
    ['registered', (id: string) => redis.client.sAdd('resque:workers', id)],
    ['beating', (id: string) => redis.client.hSet('resque:workers:heartbeat', id, 'x')],
    ['at work', (id: string) => redis.client.set(`resque:worker:${id}`, '{}')],
  ])('an id that is %s is taken', async (_, leave) => {
    await leave('host.ts:1-0:high,low');
    expect((await register(connection, WANTED)).label).toBe('host.ts.2');
  });

  test('leaves nothing behind', async () => {
    const identity = await register(connection, WANTED);
    const { heartbeat } = await beating(identity);
    await redis.client.set(`resque:stat:processed:${workerId(identity, 1)}`, '5');
    await heartbeat.stop();
    expect(await unregister(connection, identity)).toBe(0);
    expect(await leftoverKeys(redis.client)).toEqual([]);
  });

  test('a worker that still holds a job stays, so that its job can be recovered', async () => {
    const identity = await register(connection, WANTED);
    await redis.client.set(`resque:worker:${workerId(identity, 1)}`, '{"token":"x"}');
    expect(await unregister(connection, identity)).toBe(1);
    expect(await ids()).toEqual([workerId(identity, 1)]);
    expect(await redis.client.hLen('resque:workers:heartbeat')).toBe(1);
  });

  test('100,000 slots are registered and leave', async () => {
    const identity = await register(connection, { ...WANTED, concurrency: 100_000 });
    expect(await redis.client.sCard('resque:workers')).toBe(100_000);
    await unregister(connection, identity);
    expect(await leftoverKeys(redis.client)).toEqual([]);
  }, 60_000);
});

describe('beating', () => {
  test('adds to the history, and beats on where it may not, without a word', async () => {
    await beating(await register(connection, WANTED), { heartbeatMs: 20 });
    const length = () => redis.client.lLen('resque:tsworker:history');
    await until(async () => (await length()) === 1);
    await redis.client.del('resque:tsworker:history');
    for (const [name, acl] of [
      ['smallest', SMALLEST_ACL],
      ['enough', [...SMALLEST_ACL, ...ACL_OF_HISTORY]],
    ] as const) {
      await redis.client.sendCommand(['ACL', 'SETUSER', name, 'reset', 'on', '>pw', '~resque:*', ...acl]);
      connection = await testConnection(redis.uri.replace('unix://', `unix://${name}:pw@`));
      const { told } = await beating(await register(connection, WANTED), { heartbeatMs: 20 });
      await until(() => told.filter(({ kind }) => kind === 'beat').length >= 3);
      expect(told.filter(({ kind }) => kind === 'problem')).toEqual([]);
      if (name === 'enough') await until(async () => (await length()) === 1);
      else expect(await length()).toBe(0);
    }
  });

  test('a call for the history that gets no answer keeps no beat waiting', async () => {
    const send = connection.send.bind(connection);
    const held: (() => void)[] = [];
    connection = {
      ...interrupted(async () => {}),
      send: (args, options) =>
        args.some((arg) => String(arg) === 'resque:tsworker:history')
          ? new Promise((_, reject) => held.push(() => reject(new Error('silent'))))
          : send(args, options),
    };
    const { told, heartbeat } = await beating(await register(connection, WANTED), { heartbeatMs: 20 });
    await until(() => told.filter(({ kind }) => kind === 'beat').length >= 3);
    expect(held).toHaveLength(1);
    held[0]();
    await heartbeat.stop();
    expect(told.filter(({ kind }) => kind === 'problem')).toEqual([]);
  });

  test('renews every heartbeat and counts the processes', async () => {
    const one = await register(connection, WANTED);
    const two = await register(connection, { ...WANTED, pid: 2 });
    await beating(two);
    await redis.client.hSet('resque:workers:heartbeat', workerId(one, 2), '2026-01-01T00:00:00Z');
    const { told } = await beating(one, { heartbeatMs: 20 });
    expect(told).toContainEqual({ kind: 'beat', processes: 2 });
    expect(told).not.toContainEqual(expect.objectContaining({ kind: 'reentered' }));
    const beat = await redis.client.hGet('resque:workers:heartbeat', workerId(one, 2));
    expect(Date.parse(beat as string)).toBeGreaterThan(Date.now() - MINUTE);
    const beats = () => told.filter((message) => message.kind === 'beat').length;
    await until(() => beats() >= 3);
  });

  test('taken out of the books while alive, it enters again by itself and says so', async () => {
    const identity = await register(connection, WANTED);
    const { told } = await beating(identity, { heartbeatMs: 20 });
    await redis.client.sRem('resque:workers', workerId(identity, 1));
    await redis.client.hDel('resque:workers:heartbeat', workerId(identity, 1));
    await redis.client.del(`resque:worker:${workerId(identity, 1)}:started`);
    await until(() => told.some((message) => message.kind === 'reentered' && message.count === 1));
    expect(await ids()).toHaveLength(3);
    expect(await redis.client.exists(`resque:worker:${workerId(identity, 1)}:started`)).toBe(1);
  });
});

describe('pruning', () => {
  const own =
    '{"token":"abc-1-0","queue":"high","run_at":"2026-11-24T00:00:00.000Z","payload":{"class":"J","args":[1.0]}}';
  const ruby =
    '{"queue":"mail","run_at":"2026-11-24T02:58:25Z","payload":{"class":"Archive","args":[12345678901234567890,"tar"]}}';
  const node =
    '{"run_at":"Tue Nov 24 2026","payload":{"class":"N","queue":"mail","args":[{"payload":"}"}]},"queue":"mail","worker":"h:1"}';

  async function prune(more: Partial<HeartbeatOptions> = {}): Promise<HeartbeatMessage[]> {
    const told: HeartbeatMessage[] = [];
    const identity = await register(connection, WANTED);
    await new Pruner(connection, options(identity, more), (message) => told.push(message)).prune(Date.now(), 0);
    return told;
  }

  test('our own: the job goes back to the head of its queue, byte for byte', async () => {
    await redis.client.rPush('resque:queue:high', 'next');
    await deadWorker('gone.ts:9-0:high', own);
    expect(await prune()).toEqual([
      {
        kind: 'pruned',
        worker: expect.objectContaining({
          id: 'gone.ts:9-0:high',
          job: { class: 'J', queue: 'high', outcome: 'requeued' },
        }),
      },
    ]);
    expect(await redis.client.lRange('resque:queue:high', 0, -1)).toEqual(['{"class":"J","args":[1.0]}', 'next']);
    expect((await redis.client.keys('*gone*')).length).toBe(0);
    expect(await redis.client.sMembers('resque:queues')).toEqual(['high']);
    await assertConserved(redis.client, 2);
  });

  test('our own with a payload that is no JSON: its exact bytes', async () => {
    const shown =
      '{"token":"abc-1-0","queue":"high","run_at":"x","payload_encoding":"latin1","payload":{"class":"InvalidPayload","args":["ÿ{"]}}';
    await deadWorker('gone.ts:9-0:high', shown);
    await prune();
    const raw = (await connection.send(['LPOP', 'resque:queue:high'], { binary: true })) as Buffer;
    expect([...raw]).toEqual([0xff, 0x7b]);
  });

  test.each([
    ['Ruby', 'web1:4711:mail', ruby, 'Archive', '{"class":"Archive","args":[12345678901234567890,"tar"]}'],
    ['goworker', 'web1:4711-3:mail,mail', ruby, 'Archive', '{"class":"Archive","args":[12345678901234567890,"tar"]}'],
    ['node-resque', 'web1:4711+1:mail', node, 'N', '{"class":"N","queue":"mail","args":[{"payload":"}"}]}'],
  ])('a worker of %s: its job goes to failed, as Resque does it', async (_, id, record, className, payload) => {
    await deadWorker(id, record);
    await prune();
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(entry).toContain(`"payload":${payload},`);
    expect(JSON.parse(entry)).toMatchObject({
      exception: 'Resque::PruneDeadWorkerDirtyExit',
      error: `Worker ${id} did not gracefully exit while processing ${className}`,
      backtrace: [],
      worker: id,
      queue: 'mail',
    });
    expect(await redis.client.get('resque:stat:failed')).toBe('1');
    expect((await ids()).includes(id)).toBe(false);
  });

  test('an idle one leaves no job; a record that nobody can read becomes a failed entry that everybody can', async () => {
    await deadWorker('a:1-0:q');
    await deadWorker('b:1-0:q', '{}');
    await deadWorker('c:1-0:q', 'not json');
    expect(await prune()).toHaveLength(3);
    const entries = await redis.client.lRange('resque:failed', 0, -1);
    expect(entries).toHaveLength(1);
    expect(JSON.parse(entries[0])).toMatchObject({
      worker: 'c:1-0:q',
      payload: { class: 'InvalidPayload', args: ['not json'] },
    });
  });

  test('a fresh heartbeat, one that cannot be read, and one in another zone are left alone', async () => {
    await deadWorker('a:1-0:q', own, heartbeatText(Date.now() - 4 * MINUTE));
    await deadWorker('b:1-0:q', own, 'garbage');
    const moscow = new Date(Date.now() + 180 * MINUTE).toISOString().replace('Z', '+03:00');
    await deadWorker('c:1-0:q', own, moscow);
    await redis.client.sAdd('resque:workers', 'd:1-0:q');
    expect(await prune()).toEqual([]);
  });

  test('force-prune also takes those without a heartbeat, but no id of an unknown form', async () => {
    await redis.client.sAdd('resque:workers', ['old:12:mail', 'strange', 'a:b:c']);
    await redis.client.set('resque:worker:old:12:mail', ruby);
    expect(await prune({ forcePrune: true })).toHaveLength(1);
    expect(await redis.client.lLen('resque:failed')).toBe(1);
    expect(await ids()).toEqual(expect.arrayContaining(['a:b:c', 'strange']));
  });

  test('one of many prunes, and the lock is Resque’s own', async () => {
    await deadWorker('gone:9-0:mail', ruby);
    const identities = await Promise.all([1, 2, 3, 4].map((pid) => register(connection, { ...WANTED, pid })));
    const told: HeartbeatMessage[] = [];
    const pruners = identities.map(
      (identity) => new Pruner(connection, options(identity), (message) => told.push(message)),
    );
    await Promise.all(pruners.map((pruner) => pruner.prune(Date.now(), 0)));
    expect(told).toEqual([expect.objectContaining({ kind: 'pruned' })]);
    expect(await redis.client.lLen('resque:failed')).toBe(1);
    expect(await redis.client.ttl('resque:pruning_dead_workers_in_progress')).toBeGreaterThan(0);
  });

  test('no pruning while somebody else holds the lock', async () => {
    await deadWorker('gone:9-0:mail', ruby);
    await redis.client.set('resque:pruning_dead_workers_in_progress', 'ruby:1:*');
    expect(await prune()).toEqual([]);
  });
});
