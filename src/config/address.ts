/**
 * The addresses of Redis: one server (redis://, rediss://, unix://), Sentinels, a Cluster. Pure parsing; does not
 * know how they are queried, nor the client package (slow to load).
 */
import { TsworkerError } from '../errors.js';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** `undefined` if the address has none. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
}

interface Common {
  readonly tls: boolean;
  readonly login: Login;
}

export interface SingleAddress extends Common {
  readonly kind: 'single';
  /** A host and port, or the path of a unix socket. */
  readonly at: RedisNode | { readonly path: string };
  readonly database: number;
  /** Query parameters that have no effect. */
  readonly ignored: readonly string[];
}

export interface SentinelAddress extends Common {
  readonly kind: 'sentinel';
  readonly nodes: readonly RedisNode[];
  readonly master: string;
  readonly database: number;
  readonly sentinelLogin: Login;
}

export interface ClusterAddress extends Common {
  readonly kind: 'cluster';
  readonly nodes: readonly RedisNode[];
}

export type Address = SingleAddress | SentinelAddress | ClusterAddress;

export interface WrongAddress {
  readonly kind: 'wrong';
  readonly problem: string;
  readonly hint?: string;
}

const SHAPE =
  /^redis(?<tls>s?)(?:\+(?<several>sentinel|cluster))?:\/\/(?:(?<login>[^/?#]*)@)?(?<nodes>[^@/?#]*)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?(?:#.*)?$/i;
const UNIX_SHAPE = /^unix:\/\/(?:(?<login>[^@/]*)@)?(?<path>\/[^?#]+)(?:\?(?<query>[^#]*))?(?:#.*)?$/i;
const DEFAULT_PORT = { single: 6379, sentinel: 26379, cluster: 6379 } as const;
const BAD_DATABASE = 'the database must be a number';
const BAD_LOGIN = 'user or password contains a stray %';

export function readAddress(uri: string): Address | WrongAddress {
  if (/^unix:/i.test(uri)) return readUnix(uri);
  if (!/^rediss?(\+(sentinel|cluster))?:\/\//i.test(uri)) return noScheme(uri);
  const parts = SHAPE.exec(uri)?.groups;
  if (parts === undefined) return wrong('it does not parse');
  const login = readLogin(parts.login);
  if (login === undefined) return wrong(BAD_LOGIN);
  const kind = (parts.several?.toLowerCase() ?? 'single') as keyof typeof DEFAULT_PORT;
  const common = { tls: parts.tls !== '', login };
  const query = new URLSearchParams(parts.query ?? '');
  if (kind === 'single') return readSingle(common, parts.nodes, parts.path ?? '', query);
  if (parts.login?.includes('@')) return wrong('user and password must be percent-encoded');
  const nodes = parts.nodes.split(',').map((text) => readNode(text, DEFAULT_PORT[kind]));
  if (!nodes.every((node) => node !== undefined)) return wrong('a node is host or host:port');
  const several = { ...common, nodes, path: parts.path ?? '', query };
  return kind === 'sentinel' ? readSentinel(several) : readCluster(several);
}

/** @throws TsworkerError USAGE if it is not valid; uri.ts checks addresses before */
export function addressOf(uri: string): Address {
  const read = readAddress(uri);
  if (read.kind === 'wrong') throw new TsworkerError('USAGE', `the address of Redis cannot be used: ${read.problem}`);
  return read;
}

function noScheme(uri: string): WrongAddress {
  const problem = 'it does not begin with redis://, rediss:// or unix://';
  if (/^\/[^?#]*$/.test(uri)) return { kind: 'wrong', problem, hint: `did you mean unix://${uri}?` };
  const bare = /^(?:[^/@\s]*@)?(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?(?:\/\d*)?$/i.test(uri);
  // Without the login: the text must not contain a password.
  return bare ? { kind: 'wrong', problem, hint: `did you mean redis://${uri.replace(/^.*@/, '…@')}?` } : wrong(problem);
}

function readSingle(common: Common, host: string, path: string, query: URLSearchParams): SingleAddress | WrongAddress {
  if (host.includes(',')) return wrong('only redis+sentinel:// and redis+cluster:// take several nodes');
  const at = readNode(/^(?::|$)/.test(host) ? `localhost${host}` : host, DEFAULT_PORT.single);
  if (at === undefined) return wrong('the server is host or host:port, with a port from 1 to 65535');
  // As in go-redis: slashes around the number are ignored, and the query has precedence.
  const database = /^\/*(\d*)\/*$/.exec(path)?.[1];
  return database === undefined ? wrong(BAD_DATABASE) : withQuery({ ...common, at }, database, query);
}

function readUnix(uri: string): SingleAddress | WrongAddress {
  const parts = UNIX_SHAPE.exec(uri)?.groups;
  if (parts === undefined) return wrong('it needs the absolute path of a socket');
  const login = readLogin(parts.login);
  const path = decoded(parts.path);
  if (login === undefined || path === undefined) return wrong('it contains a stray %');
  return withQuery({ tls: false, login, at: { path } }, '', new URLSearchParams(parts.query ?? ''));
}

function withQuery(
  rest: Pick<SingleAddress, 'tls' | 'login' | 'at'>,
  pathDatabase: string,
  query: URLSearchParams,
): SingleAddress | WrongAddress {
  const database = query.getAll('db').at(-1) || pathDatabase;
  if (!/^\d*$/.test(database)) return wrong(BAD_DATABASE);
  const ignored = [...new Set(query.keys())].filter((name) => name !== 'db');
  return { kind: 'single', ...rest, database: Number(database), ignored };
}

interface Several extends Common {
  readonly nodes: readonly RedisNode[];
  readonly path: string;
  readonly query: URLSearchParams;
}

function readSentinel({ path, query, ...common }: Several): SentinelAddress | WrongAddress {
  const [, master, database] = /^([^/]+)(?:\/(\d*))?$/.exec(path) ?? [];
  if (master === undefined) return wrong("the master's name must follow the nodes: …/mymaster, or …/mymaster/db");
  const name = decoded(master);
  if (name === undefined) return wrong("the master's name contains a stray %");
  const strange = [...query.keys()].find((key) => key !== 'sentinelUsername' && key !== 'sentinelPassword');
  if (strange !== undefined) return wrong('only sentinelUsername and sentinelPassword may follow the ?');
  const sentinelLogin = loginOf(query.get('sentinelUsername'), query.get('sentinelPassword'));
  return { kind: 'sentinel', ...common, master: name, database: Number(database ?? 0), sentinelLogin };
}

function readCluster({ path, query, ...common }: Several): ClusterAddress | WrongAddress {
  if (path !== '' && path !== '0') return wrong('a Cluster has no other database than 0');
  return [...query.keys()].length > 0 ? wrong('nothing may follow the ?') : { kind: 'cluster', ...common };
}

function wrong(problem: string): WrongAddress {
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

/** The hash tag of a namespace, which determines the slot of its keys; undefined: each key has its own slot. */
export function hashTagOf(namespace: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(namespace)?.[1];
}

/** @throws TsworkerError USAGE if the keys of the namespace would be on many nodes of a Cluster */
export function requireHashTag(namespace: string): string {
  const tag = hashTagOf(namespace);
  if (tag !== undefined) return tag;
  const text = `in a Redis Cluster the namespace needs a hash tag, and ${JSON.stringify(namespace)} has none`;
  throw new TsworkerError('USAGE', text, {
    hint: "give -namespace='{resque}:' (and {resque} as the namespace in Ruby): all keys then lie on one node",
  });
}
