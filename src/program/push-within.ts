/** Enqueues within a time limit. Its errors say whether the jobs may have been enqueued nevertheless. */
import { TsworkerError } from '../errors.js';
import { deadline, untilAborted } from '../redis/abortable.js';
import type { Connection } from '../redis/connection.js';
import { ConnectionSilentError, isConnectionError, wasNotSent } from '../redis/connection-errors.js';

export interface Within {
  /** Number of jobs, for messages. */
  readonly jobs: number;
  readonly timeoutMs: number;
  /** The address without its password, for messages. */
  readonly shownUri: string;
}

/**
 * @param connect has a time limit of its own
 * @throws TsworkerError REDIS if Redis did not confirm; error replies of Redis are thrown unchanged
 */
export async function pushWithin<T>(
  within: Within,
  connect: () => Promise<Connection>,
  push: (connection: Connection) => Promise<T>,
): Promise<T> {
  const overAt = performance.now() + within.timeoutMs;
  const connection = await connect();
  const signal = deadline(overAt - performance.now());
  try {
    return await untilAborted(push(connection), signal);
  } catch (error) {
    if (error === signal.reason) throw unconfirmed(within, new ConnectionSilentError());
    throw isConnectionError(error) ? unconfirmed(within, error as Error) : error;
  }
}

function unconfirmed({ jobs, shownUri }: Within, cause: Error): TsworkerError {
  const what = jobs === 1 ? 'the job' : `the ${jobs} jobs`;
  if (wasNotSent(cause))
    return new TsworkerError('REDIS', `not connected to Redis at ${shownUri}: nothing was enqueued`, {
      cause,
      hint: 'the client is reconnecting: try again later',
    });
  const why =
    cause instanceof ConnectionSilentError
      ? `Redis at ${shownUri} accepts connections but does not answer`
      : `the connection to Redis at ${shownUri} was lost (${cause.message})`;
  return new TsworkerError('REDIS', `${why}: ${what} may or may not have been enqueued`, {
    cause,
    hint: 'enqueue again only jobs that may run twice, or check the queue first',
  });
}
