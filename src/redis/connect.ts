/**
 * Making the first connection: what is waited for (a server that is starting or loading its data), what is refused at
 * once (wrong password, TLS), what is done without (tracking, RESP3). All sentences about a failed start are here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TsworkerError } from '../errors.js';
import { type Connection, type ConnectionEvents, type Mode, openConnection } from './connection.js';
import type { ConnectOptions } from './options.js';

export interface ConnectHooks extends ConnectionEvents {
  /** Be told of changes to keys that were read, where the server grants it. Default false. */
  readonly watch?: boolean;
  /** Told once, when Redis answers that it is loading its data. */
  onLoading?(): void;
}

const PATIENCE_MS = 10_000;
const RETRY_MS = 200;

/**
 * @param shownUri the address without its password, for messages
 * @throws TsworkerError (REDIS) when Redis is not reachable for 10 s, or refuses us
 */
export async function connect(
  options: ConnectOptions,
  shownUri: string,
  hooks: ConnectHooks = {},
  signal?: AbortSignal,
): Promise<Connection> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let mode: Mode = hooks.watch ? 'tracking' : 'resp3';
  for (;;) {
    try {
      const connection = await openConnection(options, mode, hooks);
      await untilLoaded(connection, hooks, signal);
      return connection;
    } catch (thrown) {
      if (thrown instanceof TsworkerError) throw thrown;
      const error = thrown instanceof Error ? rootOf(thrown) : new Error(String(thrown));
      const lesser = lesserMode(mode, error);
      if (lesser !== undefined) {
        mode = lesser;
        continue;
      }
      const refusal = refusalOf(error, shownUri);
      if (refusal !== undefined) throw refusal;
      if (Date.now() + RETRY_MS > giveUpAt || signal?.aborted) throw unreachable(error, shownUri);
    }
    await sleep(RETRY_MS);
  }
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
      if (!waiting || signal?.aborted) {
        await connection.close();
        throw error;
      }
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
      hint: 'name the CA file with -tls-cert, or use redis:// when the server speaks no TLS (-insecure-tls skips the check)',
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
  return new TsworkerError('REDIS', `Redis at ${uri} cannot be reached: ${error.message || String(error)}`, {
    cause: error,
    hint: uri.startsWith('rediss:')
      ? 'is it running there, and does it speak TLS on this port? If not, use redis://'
      : 'is it running there? Set the address with -uri, TSWORKER_URI or REDIS_URL',
  });
}
