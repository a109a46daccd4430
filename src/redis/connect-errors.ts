/** Error messages for a Redis that cannot be used, with hints. Pure. */
import { readAddress } from '../config/address.js';
import { TsworkerError } from '../errors.js';
import { ConnectionSilentError, NotRedisError, rootOf } from './connection-errors.js';
import { isDenied } from './permissions.js';

/** The error for a failure that a retry does not fix; undefined: it may. If several nodes failed, the cause decides. */
export function permanentFailure(error: Error, uri: string, shownUri: string): TsworkerError | undefined {
  const cause = error.cause instanceof Error ? rootOf(error.cause) : error;
  return failureOf(error, uri, shownUri) ?? failureOf(cause, uri, shownUri);
}

function failureOf(error: Error, uri: string, shownUri: string): TsworkerError | undefined {
  const at = `Redis at ${shownUri}`;
  const failure = (message: string, hint: string) => new TsworkerError('REDIS', message, { cause: error, hint });
  const code = String((error as { code?: unknown }).code ?? '');
  if (error instanceof NotRedisError)
    return failure(
      `something that is not Redis answers at ${shownUri}`,
      'check host and port; a server that speaks TLS needs rediss://',
    );
  if (/^(WRONGPASS|NOAUTH)|invalid password|no password is set/i.test(error.message))
    return aboutPassword(error.message, uri, at, failure);
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_/.test(code) || /SSL|TLS|certificate/i.test(error.message))
    return failure(
      `${at}: TLS failed: ${error.message}`,
      /certificate required|handshake failure/i.test(error.message)
        ? 'the server requires a client certificate: set -tls-client-cert and -tls-client-key'
        : 'set the CA file with -tls-cert, or use redis:// if the server has no TLS (-insecure-tls skips the check)',
    );
  if (code === 'EACCES')
    return failure(`${at} rejected the connection: ${error.message}`, 'check the permissions of the socket file');
  if (isDenied(error) || /DB index is out of range|invalid DB index/i.test(error.message))
    return failure(
      `${at} rejected the connection: ${error.message}`,
      'check the ACL of the user, and the database number',
    );
  return undefined;
}

function aboutPassword(
  text: string,
  uri: string,
  at: string,
  failure: (message: string, hint: string) => TsworkerError,
): TsworkerError {
  const address = readAddress(uri);
  const { username, password } = address.kind === 'wrong' ? {} : address.login;
  if (username !== undefined && password === undefined)
    return failure(
      `${at} rejected the password: ${text}`,
      'the address has a user and no password: a password alone has a colon before it, redis://:password@host',
    );
  if (password === undefined && /^NOAUTH/.test(text))
    return failure(
      `${at} requires a password, and none was given: ${text}`,
      'put it into the address: redis://:password@host, or redis://user:password@host',
    );
  return failure(
    `${at} rejected the password: ${text}`,
    'check user and password in -uri, REDIS_URL or the variable that REDIS_PROVIDER names',
  );
}

/** The error after the time limit. */
export function unreachable(error: Error, shownUri: string): TsworkerError {
  if (/^(LOADING|BUSY|MASTERDOWN)/.test(error.message))
    return new TsworkerError('REDIS', `Redis at ${shownUri} cannot answer yet: ${error.message}`, { cause: error });
  if (error instanceof ConnectionSilentError)
    return new TsworkerError('REDIS', `Redis at ${shownUri} accepts connections but does not answer`, {
      cause: error,
      hint: 'is it frozen or overloaded, or is it a proxy whose Redis is gone, or another port than that of Redis?',
    });
  const why = error.name === 'TimeoutError' ? 'no connection was made in time' : error.message || String(error);
  return new TsworkerError('REDIS', `Redis at ${shownUri} cannot be reached: ${why}`, {
    cause: error,
    hint: /^rediss[:+]/.test(shownUri)
      ? 'is it running there, and does it speak TLS on this port? If not, use redis://'
      : 'is it running there? Set the address with -uri, TSWORKER_URI or REDIS_URL',
  });
}

export function stoppedEarly(last: Error | undefined, shownUri: string): TsworkerError {
  const why = last === undefined ? '' : `: ${last.message}`;
  return new TsworkerError('REDIS', `stopped before Redis at ${shownUri} answered${why}`, { cause: last });
}
