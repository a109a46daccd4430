/** One question to one node over a connection that is closed at once: how Sentinels and Cluster nodes are asked. */
import type { Login, RedisNode, Topology } from '../config/address.js';
import { openNode } from './connection.js';
import type { ConnectOptions } from './options.js';

const PATIENCE_MS = 1000;

/** @throws the client's error, or the node's error reply */
export async function ask(
  options: ConnectOptions,
  { tls }: Topology,
  node: RedisNode,
  login: Login,
  question: readonly string[],
): Promise<unknown> {
  const target = { ...node, tls, login, database: 0, connectTimeout: PATIENCE_MS };
  // The oldest protocol: Sentinels know no other settings, and need no name.
  const connection = await openNode({ ...options, name: '', silenceMs: PATIENCE_MS }, target, 'resp2', {});
  try {
    return await connection.send(question);
  } finally {
    connection.drop();
  }
}

/** `host:port`, with brackets where it needs them. */
export function nodeName({ host, port }: RedisNode): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** For a list of failures: `10.0.0.1:26379: connect ECONNREFUSED …`. */
export function failureOf(node: RedisNode, thrown: unknown): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const inner = (error as { originalError?: unknown }).originalError;
  return `${nodeName(node)}: ${inner instanceof Error ? inner.message : error.message}`;
}
