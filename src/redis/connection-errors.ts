/** How a connection fails in ways that the client package has no word for. */

/** It was accepted, or was open, and no reply comes. What was sent may or may not have been done. */
export class ConnectionSilentError extends Error {
  override readonly name = 'ConnectionSilentError';

  constructor(options?: { cause?: unknown }) {
    super('Redis accepts connections but does not answer', options);
  }
}

/** There is no connection now: nothing was sent. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** What answers speaks another protocol. */
export class NotRedisError extends Error {
  override readonly name = 'NotRedisError';

  constructor(options?: { cause?: unknown }) {
    super('something that is not Redis answers', options);
  }
}

/** The connection is what failed, and not what was asked: Redis said nothing. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? '');
  return /^(Client|Socket|Disconnect|Connection|Abort)\w*Error$/.test(error.constructor.name) || /^E[A-Z]+$/.test(code);
}

/** The connection was gone before anything was sent over it. */
export function wasNotSent(error: unknown): boolean {
  return (
    error instanceof ConnectionLostError || /^Client(Offline|Closed)Error$/.test((error as Error).constructor.name)
  );
}

/** The client package tells of each of these as an 'error' event, and waits for more. */
export function isGarbage(error: unknown): boolean {
  return error instanceof Error && /^Unknown RESP type/.test(error.message);
}

/** The client wraps what happened when it gives up. */
export function rootOf(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const wrapped = error as { originalError?: unknown; socketError?: unknown };
  if (wrapped.originalError instanceof Error) return wrapped.originalError;
  if (wrapped.socketError instanceof Error) return wrapped.socketError;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error;
}
