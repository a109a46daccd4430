/** The running jobs of a process, from its claim records: for a blocked process, which cannot report them itself. */
import type { Connection } from '../../redis/connection.js';
import { parseRecord } from '../../resque/record.js';
import { type Identity, idChunks, keysOf } from '../identity.js';

export interface RunningJob {
  readonly worker: string;
  readonly queue: string;
  readonly class: string;
  /** When it was claimed, as in the record. */
  readonly since: string;
}

/** @param most the maximum number of jobs: a process may have 100,000 slots */
export async function readRunningJobs(connection: Connection, identity: Identity, most: number): Promise<RunningJob[]> {
  const keys = keysOf(identity);
  const jobs: RunningJob[] = [];
  for (const ids of idChunks(identity)) {
    const raws = await connection.send(['MGET', ...ids.map((id) => keys.worker(id))], { binary: true });
    (raws as (Buffer | null)[]).forEach((raw, i) => {
      const record = raw === null ? undefined : parseRecord(raw);
      if (record !== undefined && jobs.length < most)
        jobs.push({ worker: ids[i], queue: record.queue, class: record.class, since: record.runAt });
    });
    if (jobs.length >= most) break;
  }
  return jobs;
}
