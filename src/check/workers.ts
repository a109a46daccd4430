/** Checks the registered workers: how many are alive, which are dead and still registered, and which are unknown. */

import { counted } from '../format.js';
import { findLeftovers, type Leftover } from '../inspect/leftovers.js';
import { walkWorkers } from '../inspect/workers.js';
import { deadline } from '../redis/abortable.js';
import { serverTimeMs } from '../registry/clock.js';
import type { Keys } from '../resque/keys.js';
import { type Finding, good, some, warning } from './finding.js';
import type { RedisSeen } from './probes.js';

export interface WorkersSeen {
  readonly findings: readonly Finding[];
  /** The queues of the live workers, each list of queues once. */
  readonly served: readonly (readonly string[])[] | undefined;
}

/** It reads every key, and other programs may have millions. */
const LOOK_FOR_MS = 2000;

export async function checkWorkers({ connection, settings }: RedisSeen, keys: Keys): Promise<WorkersSeen> {
  const watch = { nowMs: await serverTimeMs(connection), pruneAfterMs: settings.pruneAfter * 1000 };
  const served = new Map<string, readonly string[]>();
  const dead: string[] = [];
  const unknown: string[] = [];
  let alive = 0;
  for await (const workers of walkWorkers(connection, keys, watch)) {
    for (const { id, state, liveness, queues } of workers) {
      if (liveness === 'unknown') unknown.push(id);
      if (state === 'lost') dead.push(id);
      else {
        alive++;
        served.set(queues.join(), queues);
      }
    }
  }
  const left = await findLeftovers(connection, keys, deadline(LOOK_FOR_MS));
  const findings = [aboutAlive(alive), ...aboutDead(dead), ...aboutUnknown(unknown), ...aboutLeft(left)];
  return { findings, served: [...served.values()] };
}

function aboutAlive(alive: number): Finding {
  if (alive === 0) return good('no worker is running');
  return good(`${counted(alive, 'worker is', 'workers are')} registered and alive`);
}

function aboutDead(dead: readonly string[]): Finding[] {
  if (dead.length === 0) return [];
  const text = `${counted(dead.length, 'dead worker is', 'dead workers are')} still registered: ${some(dead, 3)}`;
  return [
    warning(
      text,
      'tsworker workers prune removes them now; a running tsworker does at its next heartbeat, or when it starts',
    ),
  ];
}

/** goworker leaves these behind when it prunes a tsworker. */
function aboutLeft(left: readonly Leftover[]): Finding[] {
  if (left.length === 0) return [];
  const ids = some(
    left.map(({ id }) => id),
    3,
  );
  const who = left.length === 1 ? 'a worker that is' : `${left.length} workers that are`;
  return [warning(`keys are left of ${who} no longer registered: ${ids}`, 'tsworker workers prune removes them')];
}

function aboutUnknown(unknown: readonly string[]): Finding[] {
  if (unknown.length === 0) return [];
  const text = `goworker: ${some(unknown, 3)} ${unknown.length === 1 ? 'shows' : 'show'} no sign of life`;
  const hint = `its workers beat once, when they start, and may live; if they do not, tsworker workers prune -force-prune removes them`;
  return [warning(text, hint)];
}
