/** Enqueues within a time limit, and says of a failure whether the jobs may have been enqueued all the same. */
import { TsworkerError } from '../errors.js';
import { deadline, untilAborted } from '../redis/abortable.js';
import type { Connection } from '../redis/connection.js';
import { ConnectionSilentError, isConnectionError, wasNotSent } from '../redis/connection-errors.js';

export interface Within {
  /** How many. */
  readonly jobs: number;
  readonly timeoutMs: number;
  /** For messages. */
  readonly shownUri: string;
}

/**
 * @param connect bounded by itself
 * @throws TsworkerError REDIS where Redis did not confirm; what Redis answers as it is
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
    return new TsworkerError('REDIS', `there is no connection to Redis at ${shownUri} now: nothing was enqueued`, {
      cause,
      hint: 'it is being made again: try later',
    });
  const why =
    cause instanceof ConnectionSilentError
      ? `Redis at ${shownUri} accepts connections but does not answer`
      : `the connection to Redis at ${shownUri} was lost (${cause.message})`;
  return new TsworkerError('REDIS', `${why}: ${what} may or may not have been enqueued`, {
    cause,
    hint: 'enqueue again only what may run twice, or look into the queue first',
  });
}
