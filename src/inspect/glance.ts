/** The few numbers of a namespace that displays read most often, in one call. */
import type { Connection } from '../redis/connection.js';
import { isDenied } from '../redis/permissions.js';
import type { Keys } from '../resque/keys.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import type { Pause } from './pause.js';
import type { Stats } from './stats.js';
import { parseTime } from './time.js';

export interface Glance extends Stats {
  /** Redis' clock. Milliseconds. */
  readonly at: number;
  readonly pause: Pause;
  /** Entries of the failed list. */
  readonly failedList: number;
  /** Times for which there are delayed jobs, and the first of them. */
  readonly delayedTimes: number;
  readonly delayedNextAt: number | undefined;
  readonly queues: number;
  readonly workers: number;
  /** Who holds a lock of a scheduler. */
  readonly schedulers: readonly string[];
}

/** @param lockPrefix as Ruby's resque-scheduler has it */
export async function readGlance(connection: Connection, keys: Keys, lockPrefix: string): Promise<Glance> {
  const counted = [keys.failed, keys.delayedTimes, keys.queues, keys.workers];
  const locks = [keys.scheduler, keys.rubySchedulerLock(lockPrefix), keys.nodeSchedulerLock];
  try {
    const declared = [keys.processed, keys.failures, keys.pause, ...counted, ...locks];
    const reply = (await callScript(connection, SCRIPTS.glance, declared, [])) as (string | number)[];
    return glanceOf(reply.slice(0, 9 + locks.length));
  } catch (error) {
    // A user who may only read may call no script.
    if (!isDenied(error)) throw error;
    return glanceOf(await readPlainly(connection, keys, locks));
  }
}

async function readPlainly(connection: Connection, keys: Keys, locks: readonly string[]) {
  const [[seconds, micros], texts, failed, times, first, queues, workers] = (await Promise.all([
    connection.send(['TIME']),
    connection.send(['MGET', keys.processed, keys.failures, keys.pause, ...locks]),
    connection.send(['LLEN', keys.failed]),
    connection.send(['ZCARD', keys.delayedTimes]),
    connection.send(['ZRANGE', keys.delayedTimes, '0', '0']),
    connection.send(['SCARD', keys.queues]),
    connection.send(['SCARD', keys.workers]),
  ])) as [string[], (string | null)[], number, number, string[], number, number];
  const at = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const [processed, failures, pause, ...holders] = texts.map((text) => text ?? '');
  return [at, processed, failures, pause, failed, times, first[0] ?? '', queues, workers, ...holders];
}

function glanceOf(reply: readonly (string | number)[]): Glance {
  const [at, processed, failed, pause, failedList, delayedTimes, first, queues, workers, ...holders] = reply;
  return {
    at: Number(at),
    processed: Number(processed) || 0,
    failed: Number(failed) || 0,
    pause: { paused: String(pause).trim().toLowerCase() === 'true', text: String(pause) },
    failedList: Number(failedList),
    delayedTimes: Number(delayedTimes),
    delayedNextAt: parseTime(first),
    queues: Number(queues),
    workers: Number(workers),
    schedulers: holders.map(String).filter((holder) => holder !== ''),
  };
}
