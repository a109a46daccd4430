/** The few numbers of a namespace that are read most often, with their rates. */
import { type Glance, readGlance } from '../../inspect/glance.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import type { Figures } from './snapshot.js';

export async function readFigures(
  connection: Connection,
  keys: Keys,
  lockPrefix: string,
  before: Figures | undefined,
): Promise<Figures> {
  const glance = await readGlance(connection, keys, lockPrefix);
  return { ...glance, readAt: Date.now(), rates: before && ratesSince(before, glance) };
}

/** Counters that were reset count from 0 again. */
function ratesSince(before: Figures, now: Glance): Figures['rates'] {
  const seconds = (now.at - before.at) / 1000;
  if (seconds <= 0) return before.rates;
  const each = (of: 'processed' | 'failed') => Math.max(0, now[of] - before[of]) / seconds;
  return { processed: each('processed'), failed: each('failed') };
}
