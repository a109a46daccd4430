/** How long a round trip takes. */
import { type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

const PINGS = 21;
/** Claims and results of all slots share a round trip, so that even this is no disaster. */
const SLOW_MS = 20;

export async function checkLatency({ connection }: RedisSeen): Promise<Finding[]> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const began = performance.now();
    await connection.send(['PING']);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const median = times[PINGS >> 1];
  const text = `a round trip takes ${shown(median)} ms (median of ${PINGS}; at best ${shown(times[0])})`;
  if (median < SLOW_MS) return [good(text)];
  return [warning(text, 'run the worker near its Redis: below 5 ms is usual within a data centre')];
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : String(Math.round(ms));
}
