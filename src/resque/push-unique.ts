/**
 * Enqueues jobs of which some are unique, now or for later: each takes its lock in the same step as it is pushed, so a
 * producer that dies leaves no lock without a job.
 */
import { TsworkerError } from '../errors.js';
import type { EnqueueResult } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { delayNames, itemText } from './delayed-item.js';
import type { Due } from './due.js';
import type { Keys } from './keys.js';
import { lockArgs } from './lock.js';
import type { ReadyJob } from './payload-text.js';
import type { Batch } from './push.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/** Each job has ten arguments. */
const MOST = 100_000;

/**
 * All or none; a job that is kept out by another's lock does not count.
 * @returns the result for each
 * @throws TsworkerError CONFLICT if one that is to reject is kept out, REDIS if a key is of another type; nothing is
 * enqueued then
 */
export async function pushUnique(
  connection: Connection,
  keys: Keys,
  jobs: readonly (ReadyJob & { readonly due?: Due | undefined })[],
  batch?: Batch,
): Promise<EnqueueResult[]> {
  if (jobs.length > MOST)
    throw new TsworkerError('USAGE', `${jobs.length} jobs are too many with unique ones among them: at most ${MOST}`);
  const marker = batch === undefined ? ['', '', ''] : [batch.marker, String(batch.number), String(batch.rememberedS)];
  const args = [...delayNames(keys), ...marker];
  for (const job of jobs) args.push(...jobArgs(keys, job));
  const reply = await callScript(connection, SCRIPTS.pushUnique, [keys.delayedTimes], args);
  const [states, ...times] = reply as [string, ...number[]];
  if (states === 'c') throw conflict(jobs[times[0] - 1]);
  return Array.from(states, (state, i) => resultOf(state, times[i]));
}

function jobArgs(keys: Keys, { queue, payload, due, lock }: ReadyJob & { due?: Due | undefined }): string[] {
  const [when, ms] = due === undefined ? ['now', 0] : 'at' in due ? ['at', due.at.getTime()] : ['in', due.inMs];
  const job = [when, String(ms), queue, payload, due === undefined ? '' : itemText(payload, queue)];
  if (lock === undefined) return [...job, '', '', '', '0', ''];
  const [key, token, ttl] = lockArgs(keys, lock, { renewMs: 0 });
  // Only a job that may replace another one needs the position of that.
  const place = lock.onConflict === 'replace' ? ` ${Buffer.byteLength(queue)} ${queue}${payload}` : '';
  return [...job, key, token, token + place, ttl, lock.onConflict];
}

function resultOf(state: string, time: number): EnqueueResult {
  if (state === 'k') return { status: 'kept' };
  const at = time === 0 ? undefined : new Date(time * 1000);
  if (state === 'r') return at === undefined ? { status: 'replaced' } : { status: 'replaced', at };
  return at === undefined ? { status: 'enqueued' } : { status: 'delayed', at };
}

function conflict({ lock }: ReadyJob): TsworkerError {
  return new TsworkerError('CONFLICT', `nothing was enqueued: another job holds the lock ${lock?.key}`, {
    hint: 'the job is unique, with onConflict: "error"',
  });
}
