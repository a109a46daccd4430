/** Sends one command to one Sentinel or Cluster node, over a connection of its own. */
import type { Login, RedisNode } from '../config/address.js';
import { deadline } from './abortable.js';
import { openNode } from './connection.js';
import { ConnectionSilentError } from './connection-errors.js';
import type { ConnectOptions } from './options.js';

const ANSWER_MS = 1000;

/** @throws the client's error, the node's error reply, or ConnectionSilentError if no answer arrives within a second */
export async function queryNode(
  options: ConnectOptions,
  { tls }: { readonly tls: boolean },
  node: RedisNode,
  login: Login,
  question: readonly string[],
): Promise<unknown> {
  const signal = deadline(ANSWER_MS);
  // RESP2 and no name: Sentinels support nothing else.
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

/** `host:port`, with brackets for IPv6. */
export function nodeName({ host, port }: RedisNode): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** For a list of failures: `10.0.0.1:26379: connect ECONNREFUSED …`. */
export function failureOf(node: RedisNode, thrown: unknown): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const inner = (error as { originalError?: unknown }).originalError;
  return `${nodeName(node)}: ${inner instanceof Error ? inner.message : error.message}`;
}
