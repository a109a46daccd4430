/** Connection errors that the client package has no classes for. */

/** The connection is open and no reply arrives. Commands that were sent may or may not have been executed. */
export class ConnectionSilentError extends Error {
  override readonly name = 'ConnectionSilentError';

  constructor(options?: { cause?: unknown }) {
    super('Redis accepts connections but does not answer', options);
  }
}

/** There is no connection: nothing was sent. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** The server speaks another protocol. */
export class NotRedisError extends Error {
  override readonly name = 'NotRedisError';

  constructor(options?: { cause?: unknown }) {
    super('something that is not Redis answers', options);
  }
}

/** Whether the connection failed, as opposed to an error reply of Redis. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? '');
  return /^(Client|Socket|Disconnect|Connection|Abort)\w*Error$/.test(error.constructor.name) || /^E[A-Z]+$/.test(code);
}

/** Whether the connection was lost before the command was sent. */
export function wasNotSent(error: unknown): boolean {
  return (
    error instanceof ConnectionLostError || /^Client(Offline|Closed)Error$/.test((error as Error).constructor.name)
  );
}

/** The client package emits 'error' for each of these, and keeps the connection open. */
export function isGarbage(error: unknown): boolean {
  return error instanceof Error && /^Unknown RESP type/.test(error.message);
}

/** The original error: the client wraps it when it gives up. */
export function rootOf(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const wrapped = error as { originalError?: unknown; socketError?: unknown };
  if (wrapped.originalError instanceof Error) return wrapped.originalError;
  if (wrapped.socketError instanceof Error) return wrapped.socketError;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error;
}
