/** One question to one node over a connection that is closed at once: how Sentinels and Cluster nodes are asked. */
import type { Login, RedisNode } from '../config/address.js';
import { deadline } from './abortable.js';
import { openNode } from './connection.js';
import { ConnectionSilentError } from './connection-errors.js';
import type { ConnectOptions } from './options.js';

const ANSWER_MS = 1000;

/** @throws the client's error, or the node's error reply; ConnectionSilentError where it does not answer within a second */
export async function queryNode(
  options: ConnectOptions,
  { tls }: { readonly tls: boolean },
  node: RedisNode,
  login: Login,
  question: readonly string[],
): Promise<unknown> {
  const signal = deadline(ANSWER_MS);
  // The oldest protocol: Sentinels know no other settings, and need no name.
  const plain = { ...options, name: '' };
  const connection = await openNode(plain, { at: node, tls, login, database: 0 }, 'resp2', {}, signal);
  const late = () => connection.drop();
  signal.addEventListener('abort', late);
  try {
    return await connection.send(question);
  } catch (error) {
    throw signal.aborted ? new ConnectionSilentError({ cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', late);
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
