/**
 * Making the first connection: what is waited for (a server that is starting or loading its data), what is refused at
 * once (wrong password, TLS), what is done without (tracking, RESP3). All sentences about a failed start are here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readTopology } from '../config/address.js';
import { TsworkerError } from '../errors.js';
import { clusterLocator } from './cluster.js';
import { type Connection, type ConnectionEvents, type Mode, openConnection } from './connection.js';
import { openRoaming } from './failover-connection.js';
import type { ConnectOptions } from './options.js';
import { requirePermissions } from './permissions.js';
import { sentinelLocator } from './sentinel.js';
import { describeServer, refuseOthers } from './server.js';

export interface ConnectHooks extends ConnectionEvents {
  /** Be told of changes to keys that were read, where the server grants it. Default false. */
  readonly watch?: boolean;
  /** false: a Redis that is away or loading its data is an error at once. Default true. */
  readonly patient?: boolean;
  /** Told once, when Redis has not been reached for a second. */
  onWaiting?(): void;
  /** Told once, when Redis answers that it is loading its data. */
  onLoading?(): void;
}

const PATIENCE_MS = 10_000;
/** A wait that is longer than this needs an explanation. */
const SILENT_MS = 1000;
const RETRY_MS = 200;

/**
 * @param shownUri the address without its password, for messages
 * @throws TsworkerError REDIS when Redis is not reachable for 10 s (or once, see `patient`), or refuses us; USAGE when the address is of another
 * kind than what answers there
 */
export async function connect(
  options: ConnectOptions,
  shownUri: string,
  hooks: ConnectHooks = {},
  signal?: AbortSignal,
): Promise<Connection> {
  const giveUpAt = Date.now() + (hooks.patient === false ? 0 : PATIENCE_MS);
  const waiting = setTimeout(() => hooks.onWaiting?.(), SILENT_MS);
  const onLoading = () => {
    clearTimeout(waiting);
    hooks.onLoading?.();
  };
  try {
    return await tryUntil(giveUpAt, options, shownUri, { ...hooks, onLoading }, signal);
  } finally {
    clearTimeout(waiting);
  }
}

async function tryUntil(
  giveUpAt: number,
  options: ConnectOptions,
  shownUri: string,
  hooks: ConnectHooks,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  let mode: Mode = hooks.watch ? 'tracking' : 'resp3';
  const open = opener(options, hooks);
  for (;;) {
    try {
      const connection = await open(mode);
      try {
        await untilLoaded(connection, hooks, signal);
        await check(connection, options, shownUri, hooks);
        return connection;
      } catch (error) {
        await connection.close();
        throw error;
      }
    } catch (thrown) {
      if (thrown instanceof TsworkerError) throw thrown;
      const error = thrown instanceof Error ? rootOf(thrown) : new Error(String(thrown));
      const lesser = lesserMode(mode, error);
      if (lesser !== undefined) {
        mode = lesser;
        continue;
      }
      const refusal = refusalOf(error, shownUri) ?? refusalOf(causeOf(error), shownUri);
      if (refusal !== undefined) throw refusal;
      if (Date.now() + RETRY_MS > giveUpAt || signal?.aborted) throw unreachable(error, shownUri);
    }
    await sleep(RETRY_MS);
  }
}

/** Alone, behind Sentinels, or in a Cluster: the address says. */
function opener(options: ConnectOptions, events: ConnectionEvents): (mode: Mode) => Promise<Connection> {
  const address = readTopology(options.uri);
  if (address.kind !== 'sentinel' && address.kind !== 'cluster') return (mode) => openConnection(options, mode, events);
  const locator = address.kind === 'sentinel' ? sentinelLocator(options, address) : clusterLocator(options, address);
  return (mode) => openRoaming(locator, mode, events);
}

/** What would otherwise fail later, at a job: the wrong kind of server, a missing permission. */
async function check(connection: Connection, options: ConnectOptions, shownUri: string, { watch }: ConnectHooks) {
  if (readTopology(options.uri).kind === 'single') refuseOthers(await describeServer(connection), shownUri);
  if (!watch || options.namespace === undefined) return;
  const more = (options.waitReplicas ?? 0) > 0 ? ['wait 1 1'] : [];
  await requirePermissions(connection, options.namespace, shownUri, more);
}

async function untilLoaded(connection: Connection, hooks: ConnectHooks, signal?: AbortSignal) {
  let told = false;
  for (;;) {
    try {
      await connection.send(['PING']);
      return;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const waiting = message.startsWith('LOADING') || message.startsWith('BUSY') || message.startsWith('MASTERDOWN');
      if (!waiting || hooks.patient === false || signal?.aborted) throw error;
      if (!told) hooks.onLoading?.();
      told = true;
    }
    await sleep(RETRY_MS);
  }
}

/** The client wraps what happened when it gives up. */
function rootOf(error: Error): Error {
  const wrapped = error as { originalError?: unknown; socketError?: unknown };
  if (wrapped.originalError instanceof Error) return wrapped.originalError;
  if (wrapped.socketError instanceof Error) return wrapped.socketError;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error;
}

/** Where several nodes were asked in vain, the error of one of them says why. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}

function lesserMode(mode: Mode, error: Error): Mode | undefined {
  if (mode === 'tracking' && /tracking/i.test(error.message)) return 'resp3';
  if (mode !== 'resp2' && /hello|NOPROTO|unknown command/i.test(error.message)) return 'resp2';
  return undefined;
}

function refusalOf(error: Error, uri: string): TsworkerError | undefined {
  const code = String((error as { code?: unknown }).code ?? '');
  const at = `Redis at ${uri}`;
  const because = { cause: error };
  if (/^(WRONGPASS|NOAUTH)|invalid password|no password is set/i.test(error.message))
    return new TsworkerError('REDIS', `${at} refuses the password: ${error.message}`, {
      ...because,
      hint: 'check user and password in -uri, REDIS_URL or the variable that REDIS_PROVIDER names',
    });
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_/.test(code) || /SSL|TLS|certificate/i.test(error.message))
    return new TsworkerError('REDIS', `${at}: TLS failed: ${error.message}`, {
      ...because,
      hint: /certificate required|handshake failure/i.test(error.message)
        ? 'the server asks for our certificate: give -tls-client-cert and -tls-client-key'
        : 'name the CA file with -tls-cert, or use redis:// when the server speaks no TLS (-insecure-tls skips the check)',
    });
  if (/^NOPERM|DB index is out of range|invalid DB index/i.test(error.message) || code === 'EACCES')
    return new TsworkerError('REDIS', `${at} refuses us: ${error.message}`, {
      ...because,
      hint:
        code === 'EACCES'
          ? 'check the permissions of the socket file'
          : 'check the ACL of the user, and the database number',
    });
  return undefined;
}

function unreachable(error: Error, uri: string): TsworkerError {
  if (/^(LOADING|BUSY|MASTERDOWN)/.test(error.message))
    return new TsworkerError('REDIS', `Redis at ${uri} cannot answer yet: ${error.message}`, { cause: error });
  return new TsworkerError('REDIS', `Redis at ${uri} cannot be reached: ${error.message || String(error)}`, {
    cause: error,
    hint: /^rediss[:+]/.test(uri)
      ? 'is it running there, and does it speak TLS on this port? If not, use redis://'
      : 'is it running there? Set the address with -uri, TSWORKER_URI or REDIS_URL',
  });
}
