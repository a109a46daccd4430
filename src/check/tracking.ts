/** Whether Redis tells of pushes. */
import { type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

export async function checkTracking({ connection, settings }: RedisSeen): Promise<Finding[]> {
  try {
    // Nothing is read in between, so nothing is watched.
    await Promise.all([connection.send(['CLIENT', 'TRACKING', 'ON']), connection.send(['CLIENT', 'TRACKING', 'OFF'])]);
    return [good('Redis tells of new jobs at once (CLIENT TRACKING)')];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      warning(
        `Redis does not tell of new jobs (CLIENT TRACKING: ${reason}): the worker polls, up to every ${settings.interval} s`,
        'Redis 6.0 or newer, and ACL SETUSER <user> +client|tracking',
      ),
    ];
  }
}
