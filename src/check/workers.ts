/** The workers in the books: how many live, and which are dead and still there. */
import { walkWorkers } from '../inspect/workers.js';
import { serverTimeMs } from '../registry/clock.js';
import type { Keys } from '../resque/keys.js';
import { type Finding, good, some, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

export interface WorkersSeen {
  readonly findings: readonly Finding[];
  /** The queues of each that is alive; the same queues once. */
  readonly served: readonly (readonly string[])[] | undefined;
}

export async function checkWorkers({ connection, settings }: RedisSeen, keys: Keys): Promise<WorkersSeen> {
  const watch = { nowMs: await serverTimeMs(connection), pruneAfterMs: settings.pruneAfter * 1000 };
  const served = new Map<string, readonly string[]>();
  const dead: string[] = [];
  let alive = 0;
  for await (const workers of walkWorkers(connection, keys, watch)) {
    for (const { id, state, queues } of workers) {
      if (state === 'lost') dead.push(id);
      else {
        alive++;
        served.set(queues.join(), queues);
      }
    }
  }
  return { findings: [aboutAlive(alive), ...aboutDead(dead)], served: [...served.values()] };
}

function aboutAlive(alive: number): Finding {
  if (alive === 0) return good('no worker is at work now');
  return good(`${alive} ${alive === 1 ? 'worker is' : 'workers are'} registered and alive`);
}

function aboutDead(dead: readonly string[]): Finding[] {
  if (dead.length === 0) return [];
  const text = `${dead.length} dead ${dead.length === 1 ? 'worker is' : 'workers are'} still registered: ${some(dead, 3)}`;
  return [warning(text, 'tsworker workers prune takes them out now; a running tsworker does at its next heartbeat')];
}
