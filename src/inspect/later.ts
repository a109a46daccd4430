/** Jobs that are in no queue now and come into one later, counted at the end of `-exit-on-complete`. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { readDelayed } from './delayed.js';
import { totalRetries } from './retries.js';

export interface LaterJobs {
  /** undefined: there are too many to be counted at once. */
  readonly delayed: number | undefined;
  readonly retrying: number;
}

/** @returns undefined where Redis does not say */
export async function countLater(connection: Connection, keys: Keys): Promise<LaterJobs | undefined> {
  try {
    const [delayed, retrying] = await Promise.all([readDelayed(connection, keys), totalRetries(connection, keys)]);
    return { delayed: delayed === undefined ? 0 : delayed.jobs, retrying };
  } catch {
    return undefined;
  }
}
