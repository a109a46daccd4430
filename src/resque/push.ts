/** One push of many jobs, in one atomic step: the names into the set of queues, each payload to the tail of its list. */
import { TsworkerError } from '../errors.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from './keys.js';
import type { ReadyJob } from './payload-text.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/** The key that makes a repeated push have no effect. */
export interface Batch {
  readonly marker: string;
  /** Rises with each push. */
  readonly number: number;
  readonly rememberedS: number;
}

/** About the maximum number of arguments of one call. */
const MOST = 1_000_000;

/**
 * All or none; jobs of one queue keep their order.
 * @throws TsworkerError REDIS if a key is of another type; the client's error. If Redis refuses, nothing is pushed
 */
export async function pushJobs(
  connection: Connection,
  keys: Keys,
  jobs: readonly ReadyJob[],
  batch?: Batch,
): Promise<void> {
  if (jobs.length > MOST)
    throw new TsworkerError('USAGE', `${jobs.length} jobs are too many to be pushed at once: at most ${MOST}`);
  const queues = new Map<string, string[]>();
  for (const { queue, payload } of jobs) {
    const others = queues.get(queue);
    if (others === undefined) queues.set(queue, [payload]);
    else others.push(payload);
  }
  const declared = [batch?.marker ?? keys.never, keys.queues, ...[...queues.keys()].map(keys.queue)];
  const args = batch === undefined ? ['', ''] : [String(batch.number), String(batch.rememberedS)];
  for (const [queue, payloads] of queues) {
    args.push(queue, String(payloads.length));
    for (const payload of payloads) args.push(payload);
  }
  await callScript(connection, SCRIPTS.enqueue, declared, args).catch(explain);
}

function explain(error: unknown): never {
  const wrong = error instanceof Error ? /^WRONGTYPE (.* is not a (?:list|set))/s.exec(error.message)?.[1] : undefined;
  if (wrong === undefined) throw error;
  throw new TsworkerError('REDIS', `nothing was enqueued: ${wrong}`, {
    hint: 'another program wrote this key: rename or delete it, or use another -namespace',
    cause: error,
  });
}
