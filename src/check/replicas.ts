/** Whether there are as many replicas as -wait-replicas waits for. */
import { bad, type Finding, good } from './finding.js';
import type { RedisSeen } from './seen.js';

export function checkReplicas({ settings, info }: RedisSeen): Finding[] {
  const wanted = settings.waitReplicas;
  const there = info?.get('connected_slaves');
  if (wanted === 0 || there === undefined) return [];
  const text = `-wait-replicas=${wanted}, and Redis has ${there} ${there === '1' ? 'replica' : 'replicas'}`;
  if (Number(there) >= wanted) return [good(text)];
  return [bad(`${text}: no job would start`, 'connect more replicas, or wait for fewer')];
}
