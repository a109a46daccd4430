/** Failures by class: what fails most, and with what. Looks at the newest entries, page by page, and keeps none. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { listPages } from './batch.js';
import { readClass } from './payload.js';
import { parseTime } from './time.js';

export interface FailureGroup {
  /** '' where the entry does not say. */
  readonly class: string;
  readonly count: number;
  /** Of the newest of them. */
  readonly exception: string;
  readonly error: string;
  /** Milliseconds. */
  readonly failedAt: number | undefined;
}

export interface FailureTally {
  /** Entries of the list. */
  readonly total: number;
  /** How many of them, the newest, were looked at. */
  readonly looked: number;
  /** Most failures first. */
  readonly groups: readonly FailureGroup[];
}

export async function tallyFailures(connection: Connection, keys: Keys, most: number): Promise<FailureTally> {
  const total = Number(await connection.send(['LLEN', keys.failed]));
  const groups = new Map<string, FailureGroup>();
  let looked = 0;
  // Forward, so that the last of a class that is met is the newest.
  for await (const { entries } of listPages(connection, keys.failed, Math.max(0, total - most), total - 1)) {
    looked += entries.length;
    for (const entry of entries) add(groups, readFailure(entry));
  }
  return { total, looked, groups: [...groups.values()].sort((a, b) => b.count - a.count) };
}

function add(groups: Map<string, FailureGroup>, failure: Omit<FailureGroup, 'count'>): void {
  groups.set(failure.class, { ...failure, count: (groups.get(failure.class)?.count ?? 0) + 1 });
}

/** The list may hold anything: resque-web leaves empty entries for a moment. */
function readFailure(entry: string): Omit<FailureGroup, 'count'> {
  const { payload, exception, error, failed_at } = fieldsOf(entry);
  return {
    class: readClass(payload),
    exception: typeof exception === 'string' ? exception : '',
    // goworker puts its whole stack here.
    error: typeof error === 'string' ? error.split('\n', 1)[0] : '',
    failedAt: parseTime(failed_at),
  };
}

function fieldsOf(entry: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(entry);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
