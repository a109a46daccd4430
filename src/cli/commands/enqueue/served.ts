/** After enqueueing: checks in the registry whether a worker processes these queues. */

import { counted } from '../../../format.js';
import { readPause } from '../../../inspect/pause.js';
import { readQueuePauses } from '../../../inspect/queue-pause.js';
import { walkWorkers } from '../../../inspect/workers.js';
import { serves } from '../../../queue-patterns.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { say } from '../../io.js';
import type { Session } from '../../session.js';
import { PAUSED } from '../pause/format.js';
import type { EnqueueCall, EnqueueCounts } from './report.js';

const MOST_NAMED = 5;

/** Warns if no worker processes a queue. */
export async function warnOfIdle({ io }: EnqueueCall, session: Session, { queues }: EnqueueCounts): Promise<void> {
  const { connection, keys, settings } = session;
  const pushedTo = [...queues.keys()];
  const waiting = new Set(pushedTo);
  const nowMs = await serverTimeMs(connection);
  let workers = 0;
  for await (const batch of walkWorkers(connection, keys, { nowMs, pruneAfterMs: settings.pruneAfter * 1000 })) {
    for (const worker of batch.filter(({ state }) => state !== 'lost')) {
      workers++;
      for (const queue of waiting) if (serves(worker.queues, queue)) waiting.delete(queue);
    }
    if (waiting.size === 0) break;
  }
  if (waiting.size > 0) say(io, idleText([...waiting], workers));
  const { paused } = await readPause(connection, keys);
  if (paused) say(io, `warning: a pause is in force: ${PAUSED}; tsworker resume ends it`);
  const pauses = await readQueuePauses(connection, keys, pushedTo);
  const pausedNames = pushedTo.filter((_, i) => pauses[i] !== undefined);
  if (pausedNames.length > 0) say(io, pausedText(pausedNames));
}

function pausedText(queues: readonly string[]): string {
  const named = queues.slice(0, MOST_NAMED).join(', ') + (queues.length > MOST_NAMED ? ', …' : '');
  const which = queues.length === 1 ? `the queue ${named} is` : `the queues ${named} are`;
  return `warning: ${which} paused: tsworker takes no new jobs there; tsworker queues resume <queue> ends it`;
}

function idleText(queues: readonly string[], workers: number): string {
  const named = queues
    .slice(0, MOST_NAMED)
    .map((queue) => JSON.stringify(queue))
    .join(', ');
  const which =
    queues.length === 1 ? `queue ${named}` : `the queues ${named}${queues.length > MOST_NAMED ? ', …' : ''}`;
  const others = workers === 0 ? 'no workers are running' : `${counted(workers, 'worker')} on other queues`;
  return `warning: no worker is processing ${which} (${others})`;
}
