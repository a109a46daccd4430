/**
 * Finds the node of a Redis Cluster that owns the slot of the namespace. One node is enough: a hash tag puts all keys
 * into one slot. The nodes of the last reply are asked too, since those in the address may be gone by now.
 */
import { type ClusterAddress, type RedisNode, requireHashTag } from '../config/address.js';
import { TsworkerError } from '../errors.js';
import { openNode } from './connection.js';
import type { ConnectOptions } from './options.js';
import { failureOf, nodeName, queryNode } from './query-node.js';
import { FAILOVER_PAUSE_MS, type Locator } from './reconnecting-connection.js';
import { slotOf } from './slot.js';

/** @throws TsworkerError USAGE if the namespace has no hash tag */
export function clusterLocator(options: ConnectOptions, address: ClusterAddress): Locator {
  const slot = slotOf(requireHashTag(options.namespace ?? ''));
  let known = byName(address.nodes);
  return {
    clustered: true,
    longestPauseMs: FAILOVER_PAUSE_MS,
    async locate(besides) {
      const failures: string[] = [];
      let cause: unknown;
      for (const node of shuffled([...known.values()])) {
        if (besides !== undefined && nodeName(node) === nodeName(besides)) continue;
        try {
          const ranges = await querySlots(options, address, node);
          known = byName([...address.nodes, ...ranges.flatMap(({ nodes }) => nodes)]);
          const owner = ranges.find(({ from, to }) => from <= slot && slot <= to)?.nodes[0];
          if (owner !== undefined) return owner;
          failures.push(`${nodeName(node)}: no node owns slot ${slot}`);
        } catch (error) {
          if (error instanceof TsworkerError) throw error;
          failures.push(failureOf(node, error));
          cause = error;
        }
      }
      throw new Error(`no Cluster node could name the owner of slot ${slot} (${failures.join('; ')})`, { cause });
    },
    open: (node, mode, events, signal) =>
      openNode(options, { at: node, tls: address.tls, login: address.login, database: 0 }, mode, events, signal),
  };
}

function byName(nodes: readonly RedisNode[]): ReadonlyMap<string, RedisNode> {
  return new Map(nodes.map((node) => [nodeName(node), node]));
}

interface SlotRange {
  readonly from: number;
  readonly to: number;
  /** The owner first, then its replicas. */
  readonly nodes: readonly RedisNode[];
}

async function querySlots(options: ConnectOptions, address: ClusterAddress, asked: RedisNode): Promise<SlotRange[]> {
  const reply = await queryNode(options, address, asked, address.login, ['CLUSTER', 'SLOTS']).catch(
    (error: unknown) => {
      throw /cluster support disabled/i.test(String(error)) ? noCluster(asked) : error;
    },
  );
  return (reply as [number, number, ...[string | null, number][]][]).map(([from, to, ...nodes]) => ({
    from,
    to,
    // An empty address, or '?', stands for the node that was asked.
    nodes: nodes.map(([host, port]) => ({ host: host && host !== '?' ? host : asked.host, port })),
  }));
}

function noCluster(node: RedisNode): TsworkerError {
  return new TsworkerError('USAGE', `Redis at ${nodeName(node)} is not part of a Cluster`, {
    hint: `use redis://${nodeName(node)}/`,
  });
}

/** In random order: the first node may be one that does not answer for a second. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
