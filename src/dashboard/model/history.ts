/** The history of the namespace; while somebody looks, the dashboard itself adds to it. */

import type { Connection } from '../../redis/connection.js';
import { isConnectionError } from '../../redis/connection-errors.js';
import { type History, newestSample, readHistory, takeSample } from '../../resque/history.js';
import type { Keys } from '../../resque/keys.js';

const NONE: History = { newest: undefined, minutes: [], hours: [] };

/**
 * Reads all of it only when there is a new entry.
 * @param isReadOnly nothing is measured, only shown
 */
export async function readNewHistory(
  connection: Connection,
  keys: Keys,
  before: History | undefined,
  isReadOnly: boolean,
): Promise<History> {
  try {
    const newest = (isReadOnly ? undefined : await sample(connection, keys)) ?? (await newestSample(connection, keys));
    if (before !== undefined && newest === before.newest) return before;
    return await readHistory(connection, keys);
  } catch (error) {
    if (isConnectionError(error)) throw error;
    // Such as a key of another type: all else of the dashboard goes on.
    return NONE;
  }
}

/** @returns undefined where it cannot be: a user who may only read, a Redis that is full or a replica */
async function sample(connection: Connection, keys: Keys): Promise<string | undefined> {
  try {
    return await takeSample(connection, keys);
  } catch (error) {
    if (isConnectionError(error)) throw error;
    return undefined;
  }
}
