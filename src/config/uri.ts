/**
 * The address of Redis: its check, the environment variables that contain it, and its text without the password. Does not
 * know the client package (slow to load).
 */
import { TsworkerError } from '../errors.js';
import { readAddress } from './address.js';

const TAKES = 'must be redis://user:pass@host:port/db, rediss://… or unix:///path/to/redis.sock?db=N';
const TAKES_SENTINEL = 'must be redis+sentinel://user:pass@host:26379,host2:26379/mymaster/db';
const TAKES_CLUSTER = 'must be redis+cluster://user:pass@host:port,host2:port';

/** The default address. */
export const DEFAULT_URI = 'redis://localhost:6379/';

/** Query parameters of go-redis, and so of goworker, beside db. They configure its connection pool, which tsworker has not. */
const GO_REDIS =
  /^(protocol|client_name|max_retries|(min|max)_retry_backoff|(dial|read|write|pool|idle)_timeout|pool_(fifo|size)|(min|max)_idle_conns|max_active_conns|conn_max_(idle_time|lifetime)|max_conn_age|idle_check_frequency)$/;

/**
 * Returns the URI if it is valid.
 * @param warn called for query parameters that have no effect
 * @throws TsworkerError USAGE, with the password masked
 */
export function checkUri(uri: string, warn: (text: string) => void = () => {}): string {
  const read = readAddress(uri);
  if (read.kind === 'wrong')
    throw new TsworkerError('USAGE', `${takes(uri)}, not "${maskUri(uri)}" (${read.problem})`, hintOf(read.hint));
  if (read.kind === 'single') for (const name of read.ignored) warn(aboutIgnored(name));
  return uri;
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function takes(uri: string): string {
  if (/^rediss?\+cluster:/i.test(uri)) return TAKES_CLUSTER;
  return /^rediss?\+sentinel:/i.test(uri) ? TAKES_SENTINEL : TAKES;
}

function aboutIgnored(name: string): string {
  if (GO_REDIS.test(name)) return `?${name}= is an option of go-redis that does nothing here`;
  return `?${JSON.stringify(name).slice(1, -1)}= is unknown and does nothing; db is the only parameter`;
}

/**
 * The URI for messages: without the password, also if it is malformed. A user without a password is masked as well: it is
 * usually a password without its colon.
 */
export function maskUri(uri: string): string {
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(uri)?.[0] ?? '';
  const rest = uri.slice(scheme.length);
  // Up to the last @, since a password that was not encoded may contain @, / and ?.
  const at = rest.lastIndexOf('@');
  // Either the login contains "?password=", or that password contains @: the end of the secret is ambiguous.
  if (/[?&][a-z_-]*(?:password|pass|auth)=/i.test(rest.slice(0, Math.max(at, 0)))) return `${scheme}***`;
  const tail = rest.slice(Math.max(at, 0)).replace(/([?&][a-z_-]*(?:password|pass|auth)=)[^&#]*/gi, '$1***');
  if (at === -1) return scheme + tail;
  const colon = rest.slice(0, at).indexOf(':');
  return `${scheme}${colon === -1 ? '' : rest.slice(0, colon + 1)}***${tail}`;
}

/** The Redis variables of the environment beside TSWORKER_URI: REDIS_PROVIDER names the variable to read (Heroku). */
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
