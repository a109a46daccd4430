/** The registry as a supervisor uses it for its children, on a real Redis. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { OpenedConnection } from '../../src/redis/connection.js';
import type { HeartbeatMessage } from '../../src/registry/heartbeat-options.js';
import { type Identity, workerId } from '../../src/registry/identity.js';
import { RedisChildRegistry } from '../../src/registry/membership/child-registry.js';
import { readProcessStates, WORKING } from '../../src/registry/processes/process-state.js';
import { createKeys } from '../../src/resque/keys.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let connection: OpenedConnection;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});

const PID = 4711;
const NEVER = new AbortController().signal;
const JOB = { class: 'A', args: [] };

function registry(connecting: Promise<OpenedConnection> = Promise.resolve(connection)) {
  const told: HeartbeatMessage[] = [];
  const problems: string[] = [];
  const counted: [number, { processed: number; failed: number }][] = [];
  const one = new RedisChildRegistry(connecting, {
    wanted: { namespace: 'resque:', label: 'host.ts', queues: 'q' },
    heartbeat: { heartbeatMs: 50, pruneAfterMs: 60_000, forcePrune: false },
    tell: (message) => void told.push(message),
    onOrder: () => {},
    problem: (error) => void problems.push(error.message),
    counted: (pid, counts) => void counted.push([pid, counts]),
  });
  onTestFinished(() => one.giveUp());
  return { registry: one, told, problems, counted };
}

async function entered(one: RedisChildRegistry, pid = PID): Promise<Identity> {
  const identity = await one.enter(pid, 2, NEVER);
  if (identity === undefined) throw new Error('it was not registered');
  return identity;
}

/** As the claim script leaves it, in the first slot. */
async function claim(identity: Identity): Promise<void> {
  const record = { token: 'n-1-0', queue: 'q', run_at: '2026-11-24T02:58:25.000Z', payload: JOB };
  await redis.client.set(`resque:worker:${workerId(identity, 0)}`, JSON.stringify(record));
}

test('a child is registered, beats, and leaves nothing behind', async () => {
  const { registry: one, told } = registry();
  const identity = await entered(one);
  expect((await redis.client.sMembers('resque:workers')).sort()).toEqual(['host.ts:4711-0:q', 'host.ts:4711-1:q']);
  await until(() => told.filter(({ kind }) => kind === 'beat').length > 1);
  await one.leave(identity);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('what a child that has left still held goes back to its queue, and is nobody’s fault', async () => {
  const { registry: one, told } = registry();
  const identity = await entered(one);
  await claim(identity);
  await one.leave(identity);
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual([JSON.stringify(JOB)]);
  expect(told).toContainEqual(expect.objectContaining({ kind: 'pruned' }));
  expect(await redis.client.exists('resque:tsworker:suspects')).toBe(0);
  await assertConserved(redis.client, 1);
});

test.each([
  ['death', 'queue'],
  ['killed', 'queue'],
  ['blocked', 'failed'],
] as const)('a child that died, %s: its job goes to %s, and its counts are handed over', async (cause, to) => {
  const { registry: one, counted } = registry();
  const identity = await entered(one);
  await claim(identity);
  await redis.client.set(`resque:stat:processed:${workerId(identity, 0)}`, '3');
  await one.recover(identity, { cause, exit: 'pid 4711 SIGKILL (signal 9)', begun: new Set() });
  const { queued, failed } = await assertConserved(redis.client, 1);
  expect({ queued, failed }).toEqual(to === 'queue' ? { queued: 1, failed: 0 } : { queued: 0, failed: 1 });
  expect(counted).toEqual([[PID, { processed: 3, failed: 0 }]]);
  expect(await redis.client.sCard('resque:workers')).toBe(0);
  if (to === 'failed')
    expect(JSON.parse(String(await redis.client.lIndex('resque:failed', 0)))).toMatchObject({
      exception: 'TimeoutError',
    });
});

test('a connection that is not there yet is waited for', async () => {
  let connect = (_connection: OpenedConnection) => {};
  const { registry: one } = registry(
    new Promise((resolve) => {
      connect = resolve;
    }),
  );
  const entering = one.enter(PID, 1, NEVER);
  connect(connection);
  expect(await entering).toMatchObject({ pid: PID });
});

test('a Redis that refuses is tried again, told once, until it takes it or the child is gone', async () => {
  let refuses = true;
  const listen = async () => {};
  const send: OpenedConnection['send'] = async (args, options) => {
    if (refuses) throw new Error('ERR no');
    return await connection.send(args, options);
  };
  const { registry: one, problems } = registry(
    Promise.resolve({ ...connection, ready: true, send, listen, unlisten: listen, close: listen } as OpenedConnection),
  );
  const gone = new AbortController();
  const first = one.enter(1, 1, gone.signal);
  await until(() => problems.length === 1);
  gone.abort();
  expect(await first).toBeUndefined();
  const second = one.enter(PID, 1, NEVER);
  await until(() => problems.length === 2);
  refuses = false;
  expect(await second).toMatchObject({ pid: PID });
  expect(one.failed).toBe(false);
});

test('given up, nothing waits for a Redis that never comes, and it is known that something is missing', async () => {
  const { registry: one } = registry(Promise.reject(new Error('no Redis')));
  expect(await one.enter(PID, 1, NEVER)).toBeUndefined();
  expect(one.failed).toBe(true);
});

test('the states of children are shown as they change, and go with them', async () => {
  const { registry: one } = registry();
  const [first, second] = [await entered(one), await entered(one, 4712)];
  one.showStates((pid) => (pid === PID ? { ...WORKING, paused: true } : undefined));
  const names = async () => [...(await readProcessStates(connection, createKeys('resque:'))).keys()];
  await until(async () => (await names()).join() === 'host.ts:4711');
  one.showStates(() => ({ paused: false, draining: true }));
  await until(async () => (await names()).length === 2);
  await one.leave(first);
  await one.recover(second, { cause: 'death', exit: 'x', begun: new Set() });
  expect(await names()).toEqual([]);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('what a child runs can be read where it does not answer, and no more of it than is asked for', async () => {
  const { registry: one } = registry();
  const identity = await entered(one);
  expect(await one.runningJobs(PID, 10)).toEqual([]);
  await claim(identity);
  await redis.client.set(`resque:worker:${workerId(identity, 1)}`, 'nothing that we write');
  const job = { worker: 'host.ts:4711-0:q', queue: 'q', class: 'A', since: '2026-11-24T02:58:25.000Z' };
  expect(await one.runningJobs(PID, 10)).toEqual([job]);
  expect(await one.runningJobs(PID, 0)).toEqual([]);
  expect(await one.runningJobs(1, 10)).toEqual([]);
});
