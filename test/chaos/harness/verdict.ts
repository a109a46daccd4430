/** What became of the jobs: counted in Redis, and compared with what the jobs themselves have told the side Redis. */
import { countJobs } from '../../support/conservation.js';
import type { TestClient } from '../../support/redis.js';
import { judgeFailed } from './convictions.js';
import type { Ledger } from './ledger.js';
import { NAMESPACE, PUSHED } from './names.js';
import { findJobs, type Places } from './places.js';

export interface Verdict {
  readonly enqueued: number;
  readonly processed: number;
  readonly failed: number;
  /** Of those: three processes died with it in flight, the last of them ran nothing else. */
  readonly convicted: number;
  /** Of those: killed in the moment in which the job began or ended. */
  readonly edge: number;
  /** Jobs that never ended and are nowhere to be seen. */
  readonly lost: number;
  /** Jobs that are counted, or kept, once too often. */
  readonly twice: number;
  /** Jobs that began more than once: the price of at-least-once, no fault. */
  readonly again: number;
  readonly faults: readonly string[];
}

/**
 * @param allowed culprits: classes that may fail, for whatever reason; discarded: ids of jobs that may be counted as
 *   processed without having ended
 */
export async function judge(
  client: TestClient,
  ledger: Ledger,
  acknowledged: number,
  { culprits, discarded }: { readonly culprits: ReadonlySet<string>; readonly discarded: ReadonlySet<number> },
): Promise<Verdict> {
  const counts = await countJobs(client, NAMESPACE);
  const ids = (await client.sMembers(PUSHED)).map(Number);
  const places = await findJobs(client);
  const [begun, ended] = [await ledger.begun(), await ledger.ended()];
  const seen = seenIds(places);
  const { announced, confirmed } = await ledger.children();
  const children = counts.total - ids.length;
  const lost = ids.filter((id) => !ended.has(id) && !seen.has(id) && !discarded.has(id));
  const kept = seen.size < places.failed.length + places.waiting.length + places.claimed.length;
  const surplus = Math.max(0, children - announced);
  const twice = Math.max(surplus, kept ? 1 : 0);
  const faults: string[] = [];
  const shown = JSON.stringify(counts);
  if (ids.length !== acknowledged) faults.push(`${acknowledged} pushes were acknowledged, ${ids.length} are there`);
  if (children < confirmed || children > announced)
    faults.push(`conservation broken: enqueued ${ids.length} and by jobs ${confirmed} to ${announced}, but ${shown}`);
  if (counts.orphaned > 0) faults.push(`records of workers that are not registered: ${shown}`);
  if (counts.queued + counts.quarantined + counts.retrying + counts.claimed > 0) faults.push(`not at rest: ${shown}`);
  if (counts.failed !== counts.failedStat) faults.push(`stat:failed is not the length of failed: ${shown}`);
  if (lost.length > 0) faults.push(`lost: ${lost.slice(0, 10).join(', ')}`);
  if (twice > 0) faults.push(`counted twice: ${twice}`);
  const justice = judgeFailed(places.failed, await ledger.lives(), culprits);
  faults.push(...justice.faults);
  return {
    enqueued: ids.length + children,
    processed: counts.processed,
    failed: counts.failed,
    convicted: justice.convicted,
    edge: justice.edge,
    lost: lost.length,
    twice,
    again: [...begun.values()].filter((times) => times > 1).length,
    faults,
  };
}

function seenIds({ waiting, claimed, failed }: Places): Set<number> {
  return new Set([...waiting, ...claimed, ...failed.map(({ id }) => id)]);
}
