/** Finding the node to use, losing it, finding the next: on real Sentinels and a real Cluster. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/redis/connect.js';
import type { Connection, ConnectionEvents, OpenedConnection } from '../../../src/redis/connection.js';
import { slotOf } from '../../../src/redis/slot.js';
import { ControlChannel, type ControlOrder, orderText } from '../../../src/registry/control.js';
import { projectRoot } from '../../support/cli.js';
import { type Cluster, moveSlot, startCluster } from '../../support/cluster.js';
import { freePort, startRedis } from '../../support/redis.js';
import { type Sentinels, startSentinels } from '../../support/topology.js';
import { until } from '../../support/until.js';

const NAMESPACE = '{resque}:';

async function open(uri: string, events: ConnectionEvents = {}, namespace = NAMESPACE): Promise<OpenedConnection> {
  const options = { uri, namespace, name: 'test', silenceMs: 0 };
  const connection = await connect(options, uri, { ...events, watch: true });
  onTestFinished(() => connection.close());
  return connection;
}

async function portOf(connection: Connection): Promise<number> {
  return Number(((await connection.send(['CONFIG', 'GET', 'port'])) as { port: string }).port);
}

async function listenForOrders(connection: OpenedConnection) {
  const taken: ControlOrder[] = [];
  const identity = { namespace: NAMESPACE, label: 'h', pid: 1, queues: 'q', concurrency: 1 };
  const problem = (message: string) => expect.unreachable(message);
  await new ControlChannel(connection, identity).open((order) => taken.push(order), problem);
  const text = orderText({ kind: 'quiet', id: 'abcdefgh' });
  return { taken, channel: `${NAMESPACE}tsworker:control:h:1`, text };
}

test.each([
  ['resque:queues', 1116],
  ['resque:queue:q', 7210],
  ['resque', 2409],
])('the slot of %s is %i', (key, slot) => expect(slotOf(key)).toBe(slot));

describe('Sentinel', () => {
  let group: Sentinels;
  beforeAll(async () => {
    group = await startSentinels({ password: 's3cret' });
  });
  afterAll(() => group.stop());

  test('their own password is not that of Redis, and never shown', async () => {
    const refused = await connect({ uri: group.uri, name: 'test', silenceMs: 0 }, group.uri).catch((error) => error);
    expect(refused).toMatchObject({
      code: 'REDIS',
      message: expect.stringMatching(/^the Sentinels rejected the connection: .*NOAUTH/),
    });
    const wrong = await connect(
      { uri: `${group.uri}?sentinelPassword=hunter2`, name: 'test', silenceMs: 0 },
      'x',
    ).catch((error) => error);
    expect(wrong).toMatchObject({ code: 'REDIS', message: expect.stringMatching(/WRONGPASS/) });
    expect(`${wrong.message} ${wrong.hint}`).not.toContain('hunter2');
  });

  test('a plain address that leads to a Sentinel is refused in words', async () => {
    await expect(open(`redis://:s3cret@127.0.0.1:${group.ports[0]}`)).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('redis+sentinel://'),
    });
  });

  test('a master that nobody knows is refused at once', async () => {
    const uri = `${group.uri.replace('mymaster', 'other')}?sentinelPassword=s3cret`;
    const begun = performance.now();
    await expect(open(uri)).rejects.toThrow('no Sentinel knows a master called "other"');
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test('the master is found and followed: a frozen one is left for the new one, and told of as ready', async () => {
    const seen: string[] = [];
    const uri = `${group.uri}/0?sentinelPassword=s3cret`;
    const events = { onReady: () => seen.push('ready'), onInvalidate: () => seen.push('invalidate') };
    const connection = await open(uri, events);
    expect(connection.tracking).toBe(true);
    expect(await portOf(connection)).toBe(group.master.port);
    const orders = await listenForOrders(connection);
    group.master.pause();
    const lost = connection.send(['PING']).catch((error: Error) => error.message);
    await until(async () => (await group.masterPort()) === group.replica.port, { timeoutMs: 20_000 });
    await until(() => seen.includes('ready'), { timeoutMs: 20_000 });
    expect(await lost).toMatch(/disconnect|closed|lost/i);
    expect(await portOf(connection)).toBe(group.replica.port);
    await connection.send(['GET', '{resque}:queue:q']);
    await group.replica.client.rPush('{resque}:queue:q', 'x');
    await until(() => seen.includes('invalidate'));
    await until(async () => Number(await connection.send(['PUBLISH', orders.channel, orders.text])) === 1);
    await until(() => orders.taken.length === 1);
    group.master.resume();
  }, 50_000);
});

describe('Cluster', () => {
  let cluster: Cluster;
  const slot = slotOf('resque');
  beforeAll(async () => {
    cluster = await startCluster(slot);
  });
  afterAll(() => cluster.stop());

  test('the owner is found by asking others, and what is no Cluster or no plain Redis is said', async () => {
    const connection = await open(cluster.uri);
    expect(connection.tracking).toBe(true);
    expect(await portOf(connection)).toBe(cluster.masters[0].port);
    await connection.send(['SET', '{resque}:key', 'x']);
    await expect(open(cluster.uri, {}, 'resque:')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(open(cluster.masters[0].uri)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('is part of a Cluster'),
      hint: expect.stringContaining('use redis+cluster://127.0.0.1:'),
    });
    const alone = await startRedis({ port: true });
    await expect(open(`redis+cluster://127.0.0.1:${alone.port}`)).rejects.toMatchObject({ code: 'USAGE' });
    await alone.stop();
  });

  test('TLS: the node is found and reached with the certificate that the address needs', async () => {
    const port = await freePort();
    const file = (name: string) => join(projectRoot, 'test/fixtures/tls', name);
    const tls = ['--tls-port', String(port), '--tls-cluster', 'yes', '--tls-auth-clients', 'yes'];
    const files = ['--tls-ca-cert-file', 'ca.crt', '--tls-cert-file', 'server.crt', '--tls-key-file', 'server.key'];
    const paths = files.map((word, i) => (i % 2 === 1 ? file(word) : word));
    const bus = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
    const secure = await startRedis({ port: true, args: [...tls, ...paths, ...bus] });
    await secure.client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
    await until(async () => (await secure.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const options = { uri: `rediss+cluster://localhost:${port}`, namespace: NAMESPACE, name: 'test', silenceMs: 0 };
    const own = { tlsClientCertPath: file('server.crt'), tlsClientKeyPath: file('server.key') };
    const connection = await connect({ ...options, tlsCertPath: file('ca.crt'), ...own }, options.uri, { watch: true });
    expect(await connection.send(['SET', '{resque}:key', 'x'])).toBe('OK');
    await connection.close();
    await expect(connect(options, options.uri)).rejects.toThrow(/^Redis at rediss\+cluster:.* TLS failed/);
    await secure.stop();
  });

  test('a slot that moves is followed', async () => {
    const seen: string[] = [];
    const connection = await open(cluster.uri, { onReady: () => seen.push('ready') });
    const [from, to] = cluster.masters.map((node) => node.port as number);
    const orders = await listenForOrders(connection);
    await moveSlot(from, to, slot);
    await expect(connection.send(['GET', '{resque}:key'])).rejects.toThrow(/^MOVED/);
    await until(() => seen.includes('ready'));
    expect(await portOf(connection)).toBe(to);
    expect(await connection.send(['GET', '{resque}:key'])).toBe('x');
    // Who gives an order is connected to the same node: there the receivers are counted.
    await until(async () => Number(await connection.send(['PUBLISH', orders.channel, orders.text])) === 1);
    await until(() => orders.taken.length === 1);
    await moveSlot(to, from, slot);
  });
});
