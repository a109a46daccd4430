/** The few numbers of a namespace that are read most often. */
import { readPause } from '../../inspect/pause.js';
import { readStats } from '../../inspect/stats.js';
import { parseTime } from '../../inspect/time.js';
import type { Connection } from '../../redis/connection.js';
import { serverTimeMs } from '../../registry/clock.js';
import type { Keys } from '../../resque/keys.js';
import type { Figures } from './snapshot.js';

export async function readFigures(
  connection: Connection,
  keys: Keys,
  lockPrefix: string,
  before: Figures | undefined,
): Promise<Figures> {
  const locks = [keys.scheduler, keys.rubySchedulerLock(lockPrefix), keys.nodeSchedulerLock];
  const [at, stats, pause, ...rest] = await Promise.all([
    serverTimeMs(connection),
    readStats(connection, keys),
    readPause(connection, keys),
    connection.send(['LLEN', keys.failed]),
    connection.send(['ZCARD', keys.delayedTimes]),
    connection.send(['ZRANGE', keys.delayedTimes, '0', '0']),
    connection.send(['SCARD', keys.queues]),
    connection.send(['SCARD', keys.workers]),
    connection.send(['MGET', ...locks]),
  ]);
  const [failedList, delayedTimes, first, queues, workers, holders] = rest;
  return {
    at,
    readAt: Date.now(),
    ...stats,
    rates: before && ratesSince(before, { at, ...stats }),
    failedList: Number(failedList),
    pause,
    delayedTimes: Number(delayedTimes),
    delayedNextAt: parseTime((first as string[])[0]),
    queues: Number(queues),
    workers: Number(workers),
    schedulers: (holders as (string | null)[]).filter((holder) => holder !== null),
  };
}

/** Counters that were reset count from 0 again. */
function ratesSince(before: Figures, now: Pick<Figures, 'at' | 'processed' | 'failed'>): Figures['rates'] {
  const seconds = (now.at - before.at) / 1000;
  if (seconds <= 0) return before.rates;
  const each = (of: 'processed' | 'failed') => Math.max(0, now[of] - before[of]) / seconds;
  return { processed: each('processed'), failed: each('failed') };
}
