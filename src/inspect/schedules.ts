/** Recurring jobs as they are published: what comes when, what was enqueued last and by whom. */
import { fireTime } from '../recurring/due.js';
import { entryTiming } from '../recurring/entry.js';
import { mergeSets, readSet } from '../recurring/published.js';
import type { PublishedEntry } from '../recurring/set-text.js';
import { payloadAt, readTick } from '../recurring/tick.js';
import { nextTick } from '../recurring/timing.js';
import type { Connection } from '../redis/connection.js';
import { serverTimeMs } from '../registry/clock.js';
import type { Keys } from '../resque/keys.js';
import { pushJobs } from '../resque/push.js';
import { parseRubyTime, peekDynamic, readSchedules, type StoredSchedules } from '../resque/schedules.js';

/** One recurring job. Times are in milliseconds. */
export interface RecurringJob {
  readonly entry: PublishedEntry;
  /** The application that has published it; '' for a dynamic entry of Ruby. */
  readonly app: string;
  readonly timing: string;
  readonly paused: boolean;
  /** undefined: it is paused, or never comes again. */
  readonly nextAt: number | undefined;
  readonly lastAt: number | undefined;
  /** The process that enqueued it last; '' where that is not known. */
  readonly by: string;
}

export interface RecurringJobs {
  /** Redis' clock. */
  readonly at: number;
  /** The next due first. */
  readonly jobs: readonly RecurringJob[];
  /** Dynamic entries of Ruby that tsworker leaves alone, since no application says otherwise. */
  readonly dynamicLeft: number;
  /** What cannot be enqueued, in sentences. */
  readonly problems: readonly string[];
}

export async function readRecurring(connection: Connection, keys: Keys): Promise<RecurringJobs> {
  const [at, stored, dynamic] = await Promise.all([
    serverTimeMs(connection),
    readSchedules(connection, keys),
    peekDynamic(connection, keys),
  ]);
  const sets = new Map(
    [...stored.sets].flatMap(([app, text]) => {
      const set = readSet(text);
      return set === undefined ? [] : [[app, set] as const];
    }),
  );
  const isDynamic = [...sets.values()].some((set) => set.dynamic);
  const { entries, problems } = mergeSets(sets, stored.started, isDynamic ? dynamic : new Map());
  const apps = new Map<string, string>();
  for (const [app] of [...sets].sort(([a], [b]) => (stored.started.get(a) ?? 0) - (stored.started.get(b) ?? 0)))
    for (const { name } of sets.get(app)?.entries ?? []) apps.set(name, app);
  const jobs = [...entries.values()].map((entry) => describe(entry, apps.get(entry.name) ?? '', stored, at));
  jobs.sort((a, b) => (a.nextAt ?? Number.POSITIVE_INFINITY) - (b.nextAt ?? Number.POSITIVE_INFINITY));
  return { at, jobs, dynamicLeft: isDynamic ? 0 : dynamic.size, problems };
}

function describe(entry: PublishedEntry, app: string, stored: StoredSchedules, at: number): RecurringJob {
  const { name, timing } = entry;
  const { state, current } = readTick(timing, stored.ticks.get(name) ?? '');
  const paused = stored.paused.has(name);
  const next = current ? state.next : nextOf(entry, at);
  const ruby = parseRubyTime(stored.lastEnqueuedAt.get(name) ?? '');
  // Ours is written with each tick too, a moment after it.
  const byUs = state.last !== undefined && (ruby === undefined || ruby - state.last < 3_600_000);
  return {
    ...{ entry, app, paused, timing: entryTiming(entry) },
    nextAt: paused || next === undefined ? undefined : fireTime(entry, next),
    lastAt: byUs ? state.last : ruby,
    by: byUs ? state.by.replace(/#.*$/, '') : '',
  };
}

/** What another version published may be unreadable for this one. */
function nextOf({ timing }: PublishedEntry, at: number): number | undefined {
  try {
    return nextTick(timing, at);
  } catch {
    return undefined;
  }
}

/** The next ticks, without the jitter. */
export function nextTicks({ timing }: PublishedEntry, at: number, count: number): number[] {
  const ticks: number[] = [];
  for (let tick = nextTick(timing, at); tick !== undefined && ticks.length < count; tick = nextTick(timing, tick))
    ticks.push(tick);
  return ticks;
}

/** Enqueues each of them once, now. */
export async function enqueueRecurring(
  connection: Connection,
  keys: Keys,
  entries: readonly PublishedEntry[],
  at: number,
): Promise<void> {
  await pushJobs(
    connection,
    keys,
    entries.map((entry) => ({ queue: entry.queue, payload: payloadAt(entry, at) })),
  );
}

export interface RecurringCounts {
  readonly entries: number;
  readonly paused: number;
  readonly nextAt: number | undefined;
}

/** @returns undefined where nothing is scheduled */
export async function countRecurring(connection: Connection, keys: Keys): Promise<RecurringCounts | undefined> {
  if ((await connection.send(['EXISTS', keys.schedules])) === 0) return undefined;
  const { jobs } = await readRecurring(connection, keys);
  if (jobs.length === 0) return undefined;
  return { entries: jobs.length, paused: jobs.filter(({ paused }) => paused).length, nextAt: jobs[0].nextAt };
}
