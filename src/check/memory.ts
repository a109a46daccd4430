/** Whether Redis may throw jobs away, or is about to refuse them, for want of memory. */
import { bad, type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

const NEARLY_FULL = 0.9;

export function checkMemory({ info }: RedisSeen): Finding[] {
  const policy = info?.get('maxmemory_policy');
  const limit = Number(info?.get('maxmemory') ?? Number.NaN);
  if (policy === undefined || Number.isNaN(limit)) return [];
  return [eviction(policy, limit), ...fullness(Number(info?.get('used_memory')), limit)];
}

/** `volatile-…` takes only keys that expire, and jobs do not. */
function eviction(policy: string, limit: number): Finding {
  const right = 'set maxmemory-policy noeviction: a push fails then where memory is short, and no job is lost';
  if (!policy.startsWith('allkeys')) return good(`no job is evicted (maxmemory-policy ${policy})`);
  if (limit === 0)
    return warning(`a limit on memory would evict jobs (maxmemory-policy ${policy}); none is set`, right);
  return bad(`Redis evicts jobs when ${megabytes(limit)} are full (maxmemory-policy ${policy})`, right);
}

function fullness(used: number, limit: number): Finding[] {
  if (limit === 0 || !(used > limit * NEARLY_FULL)) return [];
  const text = `${megabytes(used)} of ${megabytes(limit)} memory are used`;
  return [warning(text, 'raise maxmemory, or find out what fills it: pushes fail when it is full')];
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
