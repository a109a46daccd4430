/**
 * What Redis itself counted, against what the daemon's log said, in sum and for each class. The table is called true
 * only if all agree.
 */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import type { DemoJob } from './producer.js';
import type { Row } from './tally.js';

export interface RedisCounts {
  /** `stat:processed`. */
  readonly processed: number;
  /** The entries of the failed list, each as `<queue> <class>`. */
  readonly failed: readonly string[];
  /** Jobs still in the queues. */
  readonly queued: number;
}

export async function readCounts(connection: Connection, keys: Keys): Promise<RedisCounts> {
  const [processed, failed, high, low] = await Promise.all([
    connection.send(['GET', keys.processed]),
    connection.send(['LRANGE', keys.failed, '0', '-1']),
    connection.send(['LLEN', keys.queue('high')]),
    connection.send(['LLEN', keys.queue('low')]),
  ]);
  return {
    processed: Number(processed ?? 0),
    failed: (failed as string[]).map(nameOfFailure),
    queued: Number(high) + Number(low),
  };
}

function nameOfFailure(entry: string): string {
  const { queue, payload } = JSON.parse(entry) as { queue: string; payload: { class: string } };
  return `${queue} ${payload.class}`;
}

/** Everything that does not add up, in sentences; empty when all is well. */
export function disagreements(jobs: readonly DemoJob[], counts: RedisCounts, rows: readonly Row[]): string[] {
  const { processed, failed, queued } = counts;
  const logged = rows.reduce((total, row) => total + row.processed, 0);
  const found = [
    differ('jobs in the queues', 0, queued),
    differ('processed + failed + queued in Redis', jobs.length, processed + failed.length + queued),
    differ('stat:processed in Redis, and processed in the log', processed, logged),
  ];
  const names = new Set([...jobs.map(nameOf), ...rows.map(nameOf), ...failed]);
  for (const name of names) {
    const row = rows.find((one) => nameOf(one) === name) ?? { processed: 0, failed: 0, waits: [] };
    const pushed = jobs.filter((job) => nameOf(job) === name).length;
    const inList = failed.filter((one) => one === name).length;
    found.push(
      differ(`${name}: pushed, and ended in the log`, pushed, row.processed + row.failed),
      differ(`${name}: pushed, and started in the log`, pushed, row.waits.length),
      differ(`${name}: the failed list in Redis, and failed in the log`, inList, row.failed),
    );
  }
  return found.filter((text) => text !== undefined);
}

function nameOf(one: { readonly queue: string; readonly class: string }): string {
  return `${one.queue} ${one.class}`;
}

function differ(what: string, expected: number, actual: number): string | undefined {
  return expected === actual ? undefined : `${what}: ${expected} and ${actual}`;
}
