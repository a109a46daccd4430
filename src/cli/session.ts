/**
 * A command's connection to Redis: opened with the worker's settings, closed when the command ends. A worker waits
 * for an unavailable Redis; a command reports the error at once.
 */
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { TsworkerError } from '../errors.js';
import { connect } from '../redis/connect.js';
import { unreachable } from '../redis/connect-errors.js';
import type { Connection } from '../redis/connection.js';
import { ConnectionSilentError, isConnectionError } from '../redis/connection-errors.js';
import { connectOptions } from '../redis/options.js';
import { isDenied } from '../redis/permissions.js';
import { createKeys, type Keys } from '../resque/keys.js';
import type { Call } from './command.js';
import { say } from './io.js';

export interface Session {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly settings: Settings;
  /** The address without secrets. */
  readonly uri: string;
}

/** For messages: a wrong namespace looks like an empty one. */
export function placeOf({ settings, uri }: Pick<Session, 'settings' | 'uri'>): string {
  return `namespace ${settings.namespace} on ${uri}`;
}

/** A reply that takes longer is considered lost. */
const SILENCE_MS = 5000;

/**
 * Runs `use` with a connection.
 * @throws TsworkerError USAGE if settings are invalid; REDIS if Redis cannot be reached, refuses, or the connection is
 * lost
 */
export async function withRedis<T>(
  { sources, io }: Pick<Call, 'sources' | 'io'>,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { settings, warnings } = await loadSettings({ ...sources, queuesRequired: false });
  for (const warning of warnings) say(io, `warning: ${warning}`);
  const uri = maskUri(settings.uri);
  const options = connectOptions(settings, `tsworker:${process.pid}:cli`, SILENCE_MS);
  const connection = await connect(options, uri, { patient: false });
  try {
    return await use({ connection, keys: createKeys(settings.namespace), settings, uri });
  } catch (error) {
    throw redisError(error, uri);
  } finally {
    await connection.close();
  }
}

/** An error reply of Redis is reported in one line; a bug in tsworker keeps its stack. */
function redisError(error: unknown, uri: string): unknown {
  if (!(error instanceof Error) || error instanceof TsworkerError) return error;
  const { message, name } = error;
  if (
    /^(WRONGTYPE|NOPERM|OOM|READONLY|MISCONF|LOADING|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|NOREPLICAS|MASTERDOWN|ERR|BUSY)\b/.test(
      message,
    )
  )
    return new TsworkerError('REDIS', `Redis at ${uri} answered with an error: ${message}`, {
      cause: error,
      ...hintFor(error),
    });
  if (error instanceof ConnectionSilentError) return unreachable(error, uri);
  if (isConnectionError(error))
    return new TsworkerError('REDIS', `the connection to Redis at ${uri} was lost: ${message || name}`, {
      cause: error,
    });
  return error;
}

function hintFor(error: Error): { hint?: string } {
  if (error.message.startsWith('WRONGTYPE'))
    return { hint: 'a key of this namespace has a type that Resque does not use' };
  return isDenied(error) ? { hint: 'check the ACL of the user' } : {};
}
