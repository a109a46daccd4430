/** What stands in the navigation, in its order: a page without a row here is reached from another one. */
import type { Snapshot } from '../model/snapshot.js';

export interface Entry {
  readonly path: string;
  readonly title: string;
  /** The letter behind `g` that leads there. */
  readonly key: string;
  readonly count?: (snapshot: Snapshot) => number | undefined;
}

export const NAVIGATION: readonly Entry[] = [
  { path: '', title: 'Overview', key: 'o' },
  { path: 'queues', title: 'Queues', key: 'q' },
  { path: 'busy', title: 'Busy', key: 'b', count: ({ workers }) => workers?.counts.working },
  { path: 'workers', title: 'Workers', key: 'w', count: ({ workers }) => workers?.counts.total },
  { path: 'failed', title: 'Failed', key: 'f', count: ({ figures }) => figures?.failedList },
  { path: 'retries', title: 'Retries', key: 'r', count: ({ queues }) => queues?.retrying },
  { path: 'delayed', title: 'Delayed', key: 'd', count: ({ figures }) => figures?.delayedTimes },
  { path: 'schedules', title: 'Schedules', key: 's' },
  { path: 'operations', title: 'Operations', key: 'p' },
];

/** By page: what stands beside it. */
export function countsOf(snapshot: Snapshot): Readonly<Record<string, number>> {
  const counts = NAVIGATION.map(({ path, count }) => [path, count?.(snapshot)] as const);
  return Object.fromEntries(counts.filter((entry): entry is [string, number] => entry[1] !== undefined));
}
