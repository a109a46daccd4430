/** The channel for orders on a shared connection: among replies, after a reconnect, under an ACL. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { sendToProcess } from '../../../src/inspect/orders.js';
import { connect } from '../../../src/redis/connect.js';
import type { ConnectionEvents, OpenedConnection } from '../../../src/redis/connection.js';
import { ControlChannel, type ControlOrder, writeAnswer } from '../../../src/registry/control.js';
import { createKeys } from '../../../src/resque/keys.js';
import { ACL_OF_ORDERS, SMALLEST_ACL } from '../../support/acl.js';
import { page } from '../../support/pages.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.hSet('resque:tsworker:machines', 'web1.ts:7', '1 m');
});

const keys = createKeys('resque:');
const identity = { namespace: 'resque:', label: 'web1.ts', pid: 7, queues: 'q', concurrency: 1 };

/** Listens as a process does, and accepts every order. */
async function listen(connection: OpenedConnection) {
  const orders: ControlOrder[] = [];
  const problems: string[] = [];
  const channel = new ControlChannel(connection, identity);
  const take = (order: ControlOrder) => {
    orders.push(order);
    void writeAnswer(connection, keys, order.id, { result: 'accepted' });
  };
  await channel.open(take, (problem) => problems.push(problem));
  return { channel, orders, problems };
}

const quiet = async () => await sendToProcess(await testConnection(redis.uri), keys, 'web1.ts:7', 'quiet', 3000);

test('orders come between replies of every form, and invalidations go on', async () => {
  let invalidations = 0;
  const connection = await testConnection(redis.uri, { onInvalidate: () => void invalidations++ });
  const { orders, channel } = await listen(connection);
  await redis.client.set('resque:bytes', Buffer.from([0xff, 0, 0x2a]));
  let going = true;
  const traffic = (async () => {
    while (going) {
      const [binary, text, list] = await Promise.all([
        connection.send(['GET', 'resque:bytes'], { binary: true }),
        connection.send(['ECHO', 'message']),
        connection.send(['MGET', 'resque:bytes', 'none'], { binary: true }),
      ]);
      expect(binary).toEqual(Buffer.from([0xff, 0, 0x2a]));
      expect(text).toBe('message');
      expect(list).toEqual([Buffer.from([0xff, 0, 0x2a]), null]);
    }
  })();
  for (let i = 0; i < 20; i++) expect(await quiet()).toEqual({ kind: 'answered', result: 'accepted', killed: false });
  going = false;
  await traffic;
  expect(orders).toHaveLength(20);
  await connection.send(['EXISTS', 'resque:watched']);
  await redis.client.set('resque:watched', '1');
  await until(() => invalidations > 0);
  await channel.close();
  expect(await quiet()).toEqual({ kind: 'nobody' });
});

test('a connection that was lost listens again', async () => {
  const connection = await testConnection(redis.uri);
  const { orders } = await listen(connection);
  await redis.client.sendCommand(['CLIENT', 'KILL', 'ID', String(await connection.send(['CLIENT', 'ID']))]);
  await until(async () => (await quiet()).kind === 'answered');
  expect(orders).toHaveLength(1);
  // The channel may be opened while there is no connection.
  const other = await testConnection(redis.uri);
  await redis.client.sendCommand(['CLIENT', 'KILL', 'ID', String(await other.send(['CLIENT', 'ID']))]);
  const second = await listen(other);
  await until(async () => {
    await quiet();
    return second.orders.length > 0;
  });
});

test('a process that has not registered is refused, and one that does not listen is said', async () => {
  expect(await sendToProcess(await testConnection(redis.uri), keys, 'web2:9', 'stop')).toEqual({ kind: 'foreign' });
  expect(await quiet()).toEqual({ kind: 'nobody' });
});

async function connectAs(acl: readonly string[], events: ConnectionEvents = {}): Promise<OpenedConnection> {
  await redis.client.sendCommand(['ACL', 'SETUSER', 'worker', 'reset', 'on', '>pw', '~resque:*', ...acl]);
  const uri = redis.uri.replace('unix://', 'unix://worker:pw@');
  const connection = await connect({ uri, namespace: 'resque:', name: 'test', silenceMs: 0 }, 'it', {
    ...events,
    watch: true,
  });
  onTestFinished(() => connection.close());
  return connection;
}

test('an ACL without the channel, or the commands, is told once, and the connection goes on', async () => {
  for (const acl of [SMALLEST_ACL, [...SMALLEST_ACL, ...ACL_OF_ORDERS], [...SMALLEST_ACL, '&resque:*']]) {
    const connection = await connectAs(acl);
    const { problems } = await listen(connection);
    expect(problems).toEqual([
      expect.stringContaining('ACL SETUSER <user> +subscribe +unsubscribe &resque:tsworker:control:*'),
    ]);
    expect(await connection.send(['PING'])).toBe('PONG');
  }
});

test('the documented ACL is enough', async () => {
  const channel = '&resque:tsworker:control:*';
  const { problems } = await listen(await connectAs([...SMALLEST_ACL, ...ACL_OF_ORDERS, channel]));
  expect(problems).toEqual([]);
  expect((await quiet()).kind).toBe('answered');
  for (const word of [...ACL_OF_ORDERS, '+publish', channel]) expect(page('config/README.md')).toContain(word);
});
