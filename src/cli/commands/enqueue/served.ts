/** After jobs were enqueued: who works them? Nobody knows better than the books of workers. */
import { readPause } from '../../../inspect/pause.js';
import { serves } from '../../../inspect/worker-id.js';
import { walkWorkers } from '../../../inspect/workers.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { count } from '../../format.js';
import type { Session } from '../../session.js';
import { harmless } from '../../style.js';
import type { EnqueueCall, Tally } from './report.js';

const MOST_NAMED = 5;

/** Says so where jobs now wait for nobody. */
export async function warnOfIdle({ io }: EnqueueCall, session: Session, { queues }: Tally): Promise<void> {
  const { connection, keys, settings } = session;
  const waiting = new Set(queues.keys());
  const nowMs = await serverTimeMs(connection);
  let workers = 0;
  for await (const batch of walkWorkers(connection, keys, { nowMs, pruneAfterMs: settings.pruneAfter * 1000 })) {
    for (const worker of batch.filter(({ state }) => state !== 'lost')) {
      workers++;
      for (const queue of waiting) if (serves(worker.queues, queue)) waiting.delete(queue);
    }
    if (waiting.size === 0) break;
  }
  if (waiting.size > 0) io.err(`tsworker: ${harmless(idleText([...waiting], workers))}\n`);
  const { paused } = await readPause(connection, keys);
  if (paused) io.err('tsworker: all workers are paused; tsworker resume lets them go on\n');
}

function idleText(queues: readonly string[], workers: number): string {
  const named = queues.slice(0, MOST_NAMED).join(', ');
  const which =
    queues.length === 1 ? `the queue ${named}` : `the queues ${named}${queues.length > MOST_NAMED ? ', …' : ''}`;
  const others = workers === 0 ? 'there is none at all' : `${count(workers)} work others`;
  return `no worker works ${which} now: ${others}`;
}
