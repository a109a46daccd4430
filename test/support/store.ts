/** A RedisJobStore on a test Redis, with a connection of its own, closed when the test ends. */
import { onTestFinished } from 'vitest';
import { parseQueues, type QueuesInput } from '../../src/config/queues.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection, ConnectionEvents, OpenedConnection } from '../../src/redis/connection.js';
import { RedisJobStore, type StoreOptions } from '../../src/resque/store.js';

export const NAMESPACE = 'resque:';

/** The worker id of a slot of the test's process. */
export const testWorkerId = (slot: number): string => `test.ts:1-${slot}:q`;

export async function testConnection(uri: string, events: ConnectionEvents = {}): Promise<OpenedConnection> {
  const options = { uri, name: 'test', silenceMs: 0 };
  const connection = await connect(options, uri, { ...events, watch: true });
  onTestFinished(() => connection.close());
  return connection;
}

export function testStore(
  connection: Connection,
  queues: QueuesInput,
  nonce = 'nonce',
  more: Partial<StoreOptions> = {},
): RedisJobStore {
  const { plan } = parseQueues(queues);
  return new RedisJobStore(connection, { namespace: NAMESPACE, plan, workerId: testWorkerId, nonce, ...more });
}
