/** The kind of a server: standalone, Cluster node or Sentinel; master or replica. Queried once for each connection. */
import { TsworkerError } from '../errors.js';
import type { NodeConnection } from './connection.js';

export interface ServerKind {
  readonly mode?: 'standalone' | 'cluster' | 'sentinel';
  readonly role?: 'master' | 'replica';
}

/** Unknown fields are left out (Redis before 6, a proxy). HELLO needs no permission, unlike INFO. */
export async function describeServer(connection: NodeConnection): Promise<ServerKind> {
  try {
    const hello = fieldsOf(await connection.send(['HELLO']));
    const { mode, role } = hello;
    return { ...(isMode(mode) ? { mode } : {}), ...(role === undefined ? {} : { role: roleOf(role) }) };
  } catch {
    const reply = await connection.send(['ROLE']).catch(() => undefined);
    return Array.isArray(reply) ? { role: roleOf(String(reply[0])) } : {};
  }
}

function isMode(text: string | undefined): text is NonNullable<ServerKind['mode']> {
  return text === 'standalone' || text === 'cluster' || text === 'sentinel';
}

function roleOf(text: string): 'master' | 'replica' {
  return text === 'master' ? 'master' : 'replica';
}

/** A map in RESP3, a flat list in RESP2. */
function fieldsOf(reply: unknown): Record<string, string | undefined> {
  if (!Array.isArray(reply)) return reply as Record<string, string>;
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < reply.length; i += 2) fields[String(reply[i])] = String(reply[i + 1]);
  return fields;
}

/**
 * Checks that a redis:// address leads to a standalone server.
 * @throws TsworkerError USAGE for a Cluster node or a Sentinel
 */
export function requireSingleServer({ mode }: ServerKind, shownUri: string): void {
  const at = /^redis(s?):\/\/(.*@)?([^/?#]*)/i.exec(shownUri);
  const [, tls = '', login = '', node = 'host:port'] = at ?? [];
  if (mode === 'cluster')
    throw new TsworkerError('USAGE', `Redis at ${shownUri} is part of a Cluster`, {
      hint: `use redis${tls}+cluster://${login}${node}, and a namespace with a hash tag, such as {resque}:`,
    });
  if (mode === 'sentinel')
    throw new TsworkerError('USAGE', `a Sentinel answers at ${shownUri}, not Redis itself`, {
      hint: `use redis${tls}+sentinel://${login}${node}/<name of the master>`,
    });
}
