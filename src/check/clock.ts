/** Whether this machine and Redis agree on the time. */
import { serverTimeMs } from '../registry/clock.js';
import { type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

const APART_MS = 2000;

export async function checkClock({ connection }: RedisSeen): Promise<Finding[]> {
  const asked = Date.now();
  const server = await serverTimeMs(connection);
  const answered = Date.now();
  // Whatever of it may be the way there and back is no difference.
  const apart = server < asked ? server - asked : Math.max(0, server - answered);
  if (Math.abs(apart) < APART_MS) return [good('the clocks of this machine and of Redis agree')];
  const way = apart > 0 ? 'behind' : 'ahead of';
  return [
    warning(
      `the clock of this machine is ${(Math.abs(apart) / 1000).toFixed(1)} s ${way} Redis' clock`,
      "synchronise both (NTP): tsworker's heartbeats go by Redis' clock, but goworker's do not, nor do times in logs and failures",
    ),
  ];
}
