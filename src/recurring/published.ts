/**
 * The schedule of one application in Redis (`tsworker:schedules`), and the merge of all schedules. Another version of
 * tsworker may have written it: unreadable entries are left out. Pure.
 */
import { checkQueueName } from '../resque/queue-name.js';
import { type Entry, MISSED, OVERLAPS } from './entry.js';
import { readRubyEntry } from './ruby.js';
import type { PublishedEntry, PublishedSet } from './set-text.js';
import type { Timing } from './timing.js';

/** @returns undefined if it is invalid */
export function readSet(text: string): PublishedSet | undefined {
  const set = parsed(text);
  if (set === undefined || !Array.isArray(set.entries)) return undefined;
  const environment = typeof set.environment === 'string' ? set.environment : undefined;
  return { entries: set.entries.filter(isEntry), dynamic: set.dynamic === true, environment };
}

function parsed(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is PublishedEntry {
  if (typeof value !== 'object' || value === null) return false;
  const {
    name,
    class: className,
    queue,
    payload,
    jitterMs,
    expiresInMs,
    missed,
    overlap,
    timing,
  } = value as Partial<Entry>;
  const texts = [name, className, queue, payload].every((text) => typeof text === 'string' && text !== '');
  const amounts = Number.isFinite(jitterMs) && (expiresInMs === undefined || Number.isFinite(expiresInMs));
  const policies = MISSED.some((one) => one === missed) && OVERLAPS.some((one) => one === overlap);
  return texts && amounts && policies && isTiming(timing);
}

function isTiming(timing: unknown): timing is Timing {
  if (typeof timing !== 'object' || timing === null) return false;
  const { everyMs, cron, timezone } = timing as { everyMs?: unknown; cron?: unknown; timezone?: unknown };
  if (everyMs !== undefined) return typeof everyMs === 'number' && everyMs >= 1000;
  return typeof cron === 'string' && typeof timezone === 'string';
}

export interface Merged {
  readonly entries: ReadonlyMap<string, PublishedEntry>;
  /** Sentences. */
  readonly problems: readonly string[];
}

/**
 * Merges several applications and Ruby's dynamic entries: of two entries with the same name that of the latest start
 * counts; a dynamic one replaces an entry of a Ruby file, as in resque-scheduler.
 * @param dynamic name → JSON text
 */
export function mergeSets(
  sets: ReadonlyMap<string, PublishedSet>,
  started: ReadonlyMap<string, number>,
  dynamic: ReadonlyMap<string, string>,
): Merged {
  const order = [...sets].sort(([a], [b]) => (started.get(a) ?? 0) - (started.get(b) ?? 0));
  const entries = new Map<string, PublishedEntry>();
  for (const [, set] of order) for (const entry of set.entries) entries.set(entry.name, entry);
  const problems: string[] = [];
  const environment = order.findLast(([, set]) => set.dynamic)?.[1].environment;
  for (const [name, text] of dynamic) {
    if (entries.get(name)?.ruby === false) continue;
    try {
      const entry = readRubyEntry(name, parsed(text), 'persistent_schedules', environment);
      if (entry !== undefined) entries.set(name, withQueue(entry, entries.get(name)?.queue));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { entries, problems };
}

/** @throws TsworkerError USAGE if no queue is known */
export function withQueue(entry: Entry, fallback: string | undefined): PublishedEntry {
  const queue = entry.queue ?? fallback;
  checkQueueName(queue, `${entry.origin}: ${entry.name}`);
  return { ...entry, queue: queue as string };
}
