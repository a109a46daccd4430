/** Redis' clock: heartbeats of several machines can only be compared by a common clock. */

import * as globals from '../globals.js';
import type { Connection } from '../redis/connection.js';

/** @returns milliseconds since the epoch */
export async function serverTimeMs(connection: Connection): Promise<number> {
  const [seconds, micros] = (await connection.send(['TIME'])) as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** The heartbeat format that every reader accepts: `2026-11-24T02:58:25Z`. */
export function heartbeatText(timeMs: number): string {
  return `${new globals.Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** @returns milliseconds since the epoch; undefined if it is not RFC 3339: such a worker is never pruned */
export function parseHeartbeat(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  // Date.parse accepts milliseconds at most; goworker may write nanoseconds.
  const time = globals.Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(time) ? undefined : time;
}
