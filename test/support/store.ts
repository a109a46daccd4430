/** A RedisJobStore on a test Redis, with a connection of its own, closed when the test ends. */
import { onTestFinished } from 'vitest';
import { parseQueues, type QueuesInput } from '../../src/config/queues.js';
import type { ClaimReply, Finish } from '../../src/engine/interfaces.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection, ConnectionEvents, OpenedConnection } from '../../src/redis/connection.js';
import { RedisJobStore, type StoreOptions } from '../../src/resque/store.js';

export const NAMESPACE = 'resque:';

/** The worker id of a slot of the test's process. */
export const testWorkerId = (slot: number): string => `test.ts:1-${slot}:q`;

/** The stores on a connection get the changes that Redis reports to it. */
const storesOn = new WeakMap<Connection, RedisJobStore[]>();

export async function testConnection(uri: string, events: ConnectionEvents = {}): Promise<OpenedConnection> {
  const options = { uri, name: 'test', silenceMs: 0 };
  const onInvalidate = (key: string | null) => {
    for (const store of storesOn.get(connection) ?? []) store.changed(key);
    events.onInvalidate?.(key);
  };
  const connection: OpenedConnection = await connect(options, uri, { ...events, onInvalidate, watch: true });
  onTestFinished(() => connection.close());
  return connection;
}

/**
 * Claims like the engine with many queues: after all reports of Redis have arrived (reports and replies come in order),
 * and again while there may be more.
 */
export async function claimFully(
  { store, connection }: { readonly store: RedisJobStore; readonly connection: Connection },
  idle: readonly number[],
  finishes: readonly Finish[] = [],
): Promise<ClaimReply> {
  await connection.send(['PING']);
  let reply = await store.ackAndClaim(finishes, idle);
  while (!reply.drained && !reply.paused && reply.claims.length < idle.length) {
    const free = idle.slice(reply.claims.length);
    const next = await store.ackAndClaim([], free);
    reply = { ...next, settled: reply.settled, claims: [...reply.claims, ...next.claims] };
  }
  return reply;
}

export function testStore(
  connection: Connection,
  queues: QueuesInput,
  nonce = 'nonce',
  more: Partial<StoreOptions> = {},
): RedisJobStore {
  const { plan } = parseQueues(queues);
  const store = new RedisJobStore(connection, { namespace: NAMESPACE, plan, workerId: testWorkerId, nonce, ...more });
  storesOn.set(connection, [...(storesOn.get(connection) ?? []), store]);
  return store;
}
