/**
 * The address of Redis: is it one, where does the environment name it, and how it is shown without its password.
 * Must not know the Redis client (slow to load): the checks here are those that the client's own parser makes.
 */
import { TsworkerError } from '../errors.js';
import { readTopology } from './address.js';

const TAKES = 'must be redis://user:pass@host:port/db, rediss://… or unix:///path/to/redis.sock?db=N';
const TAKES_SENTINEL = 'must be redis+sentinel://user:pass@host:26379,host2:26379/mymaster/db';
const TAKES_CLUSTER = 'must be redis+cluster://user:pass@host:port,host2:port';

/** The address when nobody names one. */
export const DEFAULT_URI = 'redis://localhost:6379/';

/** Returns the URI if the Redis client will take it; otherwise throws USAGE, with the password masked. */
export function checkUri(uri: string): string {
  const problem = problemOf(uri);
  if (problem === undefined) return uri;
  throw new TsworkerError('USAGE', `${takes(uri)}, not "${maskUri(uri)}" (${problem})`);
}

function takes(uri: string): string {
  if (/^rediss?\+cluster:/i.test(uri)) return TAKES_CLUSTER;
  return /^rediss?\+sentinel:/i.test(uri) ? TAKES_SENTINEL : TAKES;
}

function problemOf(uri: string): string | undefined {
  if (uri.startsWith('unix:')) return problemOfUnix(uri);
  if (!/^rediss?\+(sentinel|cluster):/i.test(uri)) return problemOfUrl(uri);
  const read = readTopology(uri);
  return read.kind === 'wrong' ? read.problem : undefined;
}

function problemOfUrl(uri: string): string | undefined {
  if (!/^rediss?:\/\//i.test(uri)) return 'it does not begin with redis://, rediss:// or unix://';
  if (!URL.canParse(uri)) return 'it does not parse';
  const { username, password, pathname, port } = new URL(uri);
  if (!isEncoded(username) || !isEncoded(password)) return 'user or password holds a stray %';
  if (port === '0') return 'there is no port 0';
  return /^\/?\d*$/.test(pathname) ? undefined : 'the database must be a number';
}

function problemOfUnix(uri: string): string | undefined {
  const match = /^unix:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\/[^?#]+)(?:\?([^#]*))?(?:#.*)?$/.exec(uri);
  if (match === null) return 'it needs the absolute path of a socket';
  if (!match.slice(1, 4).every((part) => isEncoded(part ?? ''))) return 'it holds a stray %';
  const db = new URLSearchParams(match[4] ?? '').get('db');
  return db === null || /^\d+$/.test(db) ? undefined : 'the database must be a number';
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The URI for people to read: no password, also where the URI is malformed. A user without a password is masked as
 * well: it is mostly a password whose colon was forgotten.
 */
export function maskUri(uri: string): string {
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(uri)?.[0] ?? '';
  const rest = uri.slice(scheme.length);
  // Up to the last @, since a password that was not encoded may hold one (and / and ? as well).
  const at = rest.lastIndexOf('@');
  // Either the login holds a "?password=", or that password an @: nobody can tell where the secret ends.
  if (/[?&][a-z_-]*(?:password|pass|auth)=/i.test(rest.slice(0, Math.max(at, 0)))) return `${scheme}***`;
  const tail = rest.slice(Math.max(at, 0)).replace(/([?&][a-z_-]*(?:password|pass|auth)=)[^&#]*/gi, '$1***');
  if (at === -1) return scheme + tail;
  const colon = rest.slice(0, at).indexOf(':');
  return `${scheme}${colon === -1 ? '' : rest.slice(0, colon + 1)}***${tail}`;
}

/** What the environment says about Redis beside TSWORKER_URI: REDIS_PROVIDER names the variable to read (Heroku). */
export function uriFromEnv(env: Readonly<Record<string, string | undefined>>): {
  readonly uri: string | undefined;
  readonly origin: string;
  readonly warning?: string;
} {
  const provider = env.REDIS_PROVIDER;
  if (provider) {
    const uri = env[provider];
    if (uri) return { uri, origin: `${provider} (named by REDIS_PROVIDER)` };
  }
  const warning = provider ? { warning: `REDIS_PROVIDER names ${provider}, which is not set` } : {};
  return env.REDIS_URL
    ? { uri: env.REDIS_URL, origin: 'REDIS_URL', ...warning }
    : { uri: undefined, origin: 'default', ...warning };
}
