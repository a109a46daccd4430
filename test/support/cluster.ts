/**
 * A Redis Cluster of four real processes: three masters, and a replica of the one that owns a given slot. Short time-outs,
 * so that a fail-over takes seconds.
 */
import { freePort, type TestRedis } from './redis.js';
import { cliAt, inSync, portOf, startNode, untilUp } from './topology.js';

export interface Cluster {
  /** `redis+cluster://…` with the nodes that do not own the slot, so that the owner must be found. */
  readonly uri: string;
  /** The owner of the slot first. */
  readonly masters: readonly TestRedis[];
  /** The replica of the owner. */
  readonly replica: TestRedis;
  /** The owner of the slot according to the other nodes. */
  ownerPort(): Promise<number>;
  stop(): Promise<void>;
}

const RANGES = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const;

/** Three masters; the one with that slot has a replica. */
export async function startCluster(slot: number): Promise<Cluster> {
  const nodes = await Promise.all([0, 1, 2, 3].map(() => startClusterNode()));
  const [replica, ...plain] = nodes;
  await Promise.all(plain.map((node, i) => cliAt(portOf(node), 'CLUSTER', 'ADDSLOTSRANGE', ...RANGES[i].map(String))));
  await Promise.all(nodes.map((node, i) => cliAt(portOf(node), 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1))));
  for (const node of nodes.slice(1)) await meet(replica, node);
  const owner = plain[RANGES.findIndex(([from, to]) => from <= slot && slot <= to)];
  const masters = [owner, ...plain.filter((node) => node !== owner)];
  for (const node of nodes)
    await untilUp(async () => (await cliAt(portOf(node), 'CLUSTER', 'NODES')).split('\n').length === 4, {
      what: 'the nodes know each other',
    });
  const ownerId = await cliAt(portOf(owner), 'CLUSTER', 'MYID');
  await untilUp(async () => (await cliAt(portOf(replica), 'CLUSTER', 'REPLICATE', ownerId)) === 'OK');
  await inSync(replica);
  for (const node of nodes)
    await untilUp(async () => (await cliAt(portOf(node), 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
  // A replica that the other nodes do not know as one is not elected.
  const knownAs = async () => (await cliAt(portOf(masters[1]), 'CLUSTER', 'NODES')).includes(`slave ${ownerId}`);
  await untilUp(knownAs, { what: 'the replica is known as one' });
  return {
    uri: `redis+cluster://${masters
      .slice(1)
      .map((node) => `127.0.0.1:${portOf(node)}`)
      .join(',')}`,
    masters,
    replica,
    ownerPort: () => ownerOf(portOf(masters[1]), slot),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

async function startClusterNode(): Promise<TestRedis> {
  // A port of its own for the bus: the default, port + 10000, may not exist.
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
  return await startNode([...cluster, '--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0']);
}

async function meet(node: TestRedis, other: TestRedis): Promise<void> {
  const line = (await cliAt(portOf(other), 'CLUSTER', 'NODES')).split('\n').find((text) => text.includes('myself'));
  const bus = /@(\d+)/.exec(line ?? '')?.[1] ?? '';
  await cliAt(portOf(node), 'CLUSTER', 'MEET', '127.0.0.1', String(portOf(other)), bus);
}

async function ownerOf(port: number, slot: number): Promise<number> {
  const lines = (await cliAt(port, 'CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
  const owner = lines.find((words) =>
    words.slice(8).some((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return from <= slot && slot <= to;
    }),
  );
  return Number(/:(\d+)@/.exec(owner?.[1] ?? '')?.[1]);
}

/** Like `redis-cli --cluster reshard`: a few keys at a time; `meanwhile` runs before the first of them. */
export async function moveSlot(from: number, to: number, slot: number, meanwhile = async () => {}): Promise<void> {
  const [fromId, toId] = await Promise.all([cliAt(from, 'CLUSTER', 'MYID'), cliAt(to, 'CLUSTER', 'MYID')]);
  await cliAt(to, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
  await cliAt(from, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
  await meanwhile();
  for (;;) {
    const keys = (await cliAt(from, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '3')).split('\n').filter(Boolean);
    if (keys.length === 0) break;
    await cliAt(from, 'MIGRATE', '127.0.0.1', String(to), '', '0', '5000', 'KEYS', ...keys);
  }
  for (const port of [to, from]) await cliAt(port, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
}
