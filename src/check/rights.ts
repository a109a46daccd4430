/** Whether our user may run what the daemon needs; scripts above all. */
import { requirePermissions } from '../redis/permissions.js';
import { bad, type Finding, findingOf, good } from './finding.js';
import type { RedisSeen } from './seen.js';

export async function checkRights({ connection, settings, uri }: RedisSeen): Promise<Finding[]> {
  try {
    await connection.send(['EVAL', 'return 1', '0']);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [bad(`scripts are refused: ${reason}`, 'allow EVAL and EVALSHA: nothing works without them')];
  }
  try {
    const more = settings.waitReplicas > 0 ? ['wait 1 1'] : [];
    await requirePermissions(connection, settings.namespace, uri, more);
    return [good('our user may run scripts and every command that the worker needs')];
  } catch (error) {
    return [findingOf(error)];
  }
}
