/**
 * The two kinds of address that name several nodes: Sentinels, and a Cluster. Pure reading; must not know how any of
 * them is asked, nor the client. What is no such address (redis://, unix://) is left to uri.ts and the client.
 */
import { TsworkerError } from '../errors.js';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** `undefined` where the address names none. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** Several nodes, of which one does our work at a time. */
export type Topology =
  | {
      readonly kind: 'sentinel';
      readonly tls: boolean;
      readonly nodes: readonly RedisNode[];
      readonly login: Login;
      readonly master: string;
      readonly database: number;
      readonly sentinelLogin: Login;
    }
  | { readonly kind: 'cluster'; readonly tls: boolean; readonly nodes: readonly RedisNode[]; readonly login: Login };

export type ReadTopology =
  | Topology
  | { readonly kind: 'single' }
  | { readonly kind: 'wrong'; readonly problem: string };

const SHAPE = /^redis(s?)\+(sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i;
const DEFAULT_PORT = { sentinel: 26379, cluster: 6379 } as const;

/** Reads `redis+sentinel://…` and `redis+cluster://…`; says `single` for every other address. */
export function readTopology(uri: string): ReadTopology {
  if (!/^rediss?\+/i.test(uri)) return { kind: 'single' };
  const match = SHAPE.exec(uri);
  if (match === null)
    return wrong('user and password must be percent-encoded, and nodes written as host:port,host:port');
  const kind = match[2].toLowerCase() as 'sentinel' | 'cluster';
  const nodes = match[4].split(',').map((text) => readNode(text, DEFAULT_PORT[kind]));
  const login = readLogin(match[3]);
  if (!nodes.every((node) => node !== undefined)) return wrong('a node is host or host:port');
  if (login === undefined) return wrong('user or password holds a stray %');
  const common = { tls: match[1] !== '', nodes, login };
  const path = (match[5] ?? '').slice(1);
  const query = new URLSearchParams(match[6] ?? '');
  return kind === 'sentinel' ? readSentinel(common, path, query) : readCluster(common, path, query);
}

type Common = Pick<Topology, 'tls' | 'nodes' | 'login'>;

function readSentinel(common: Common, path: string, query: URLSearchParams): ReadTopology {
  const [, master, database] = /^([^/]+)(?:\/(\d*))?$/.exec(path) ?? [];
  if (master === undefined) return wrong("the master's name must follow the nodes: …/mymaster, or …/mymaster/db");
  const name = decoded(master);
  if (name === undefined) return wrong("the master's name holds a stray %");
  const strange = [...query.keys()].find((key) => key !== 'sentinelUsername' && key !== 'sentinelPassword');
  if (strange !== undefined) return wrong('only sentinelUsername and sentinelPassword may follow the ?');
  const sentinelLogin = loginOf(query.get('sentinelUsername'), query.get('sentinelPassword'));
  return { kind: 'sentinel', ...common, master: name, database: Number(database ?? 0), sentinelLogin };
}

function readCluster(common: Common, path: string, query: URLSearchParams): ReadTopology {
  if (path !== '' && path !== '0') return wrong('a Cluster has no other database than 0');
  return [...query.keys()].length > 0 ? wrong('nothing may follow the ?') : { kind: 'cluster', ...common };
}

function wrong(problem: string): ReadTopology {
  return { kind: 'wrong', problem };
}

/** `host`, `host:port`, `[::1]:port`. */
function readNode(text: string, defaultPort: number): RedisNode | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return port > 0 && port < 65_536 ? { host: match[1] ?? match[2], port } : undefined;
}

function readLogin(text: string | undefined): Login | undefined {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  const username = decoded(colon === -1 ? text : text.slice(0, colon));
  const password = decoded(colon === -1 ? '' : text.slice(colon + 1));
  return username === undefined || password === undefined ? undefined : loginOf(username, password);
}

function loginOf(username: string | null, password: string | null): Login {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The part of a namespace that alone decides the slot of its keys; undefined: each key has a slot of its own. */
export function hashTagOf(namespace: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(namespace)?.[1];
}

/** @throws TsworkerError USAGE where the keys of a namespace would lie on many nodes of a Cluster */
export function requireHashTag(namespace: string): string {
  const tag = hashTagOf(namespace);
  if (tag !== undefined) return tag;
  const text = `in a Redis Cluster the namespace needs a hash tag, and ${JSON.stringify(namespace)} has none`;
  throw new TsworkerError('USAGE', text, {
    hint: "give -namespace='{resque}:' (and {resque} as the namespace in Ruby): all keys then lie on one node",
  });
}
