/**
 * Enqueues recurring jobs when they are due, while this process leads. The schedules are in Redis, where each
 * application publishes its own; so are the last ticks, so that a new leader continues where the last one ended.
 */
import { setImmediate } from 'node:timers/promises';
import { fireTime } from '../recurring/due.js';
import { mergeSets, readSet } from '../recurring/published.js';
import type { PublishedEntry } from '../recurring/set-text.js';
import { fire, firstState, type TickState, tickText } from '../recurring/tick.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import {
  changeTicks,
  parseRubyTime,
  peekDynamic,
  readDynamic,
  readSchedules,
  type StoredSchedules,
  type TickChange,
  type Ticked,
} from '../resque/schedules.js';

export interface RecurringOptions {
  readonly keys: Keys;
  /** The name of this process, recorded as the one that enqueued. */
  readonly name: string;
  /** Keys of the locks of other kinds of schedulers; see Keys. */
  readonly locks: readonly string[];
  readonly tell: (message: RecurringMessage) => void;
}

/** Plain data, since it may come from a thread. */
export type RecurringMessage =
  /** Recurring jobs were enqueued. */
  | { readonly kind: 'recurring'; readonly count: number }
  /** Ticks passed while no scheduler was running, and are not made up for. */
  | { readonly kind: 'missed'; readonly entry: string }
  /** Not enqueued, since the job of an earlier tick has not ended. */
  | { readonly kind: 'overlapping'; readonly entry: string }
  /** An entry that cannot be enqueued; sent once until the schedules change. */
  | { readonly kind: 'schedule problem'; readonly message: string };

/** What the leader learned in this step. */
export interface Moment {
  /** Redis' clock. Milliseconds. */
  readonly nowMs: number;
  readonly revision: string;
  readonly rubyChanged: boolean;
  /** A scheduler of another kind holds its lock. */
  readonly held: boolean;
}

/** An entry that will be due. */
interface Waiting {
  readonly entry: PublishedEntry;
  /** The value in Redis. */
  readonly seen: string;
  readonly state: TickState;
  readonly fireAt: number;
}

/** In one call: Redis' other clients wait for it. */
const MOST_ENTRIES = 100;
const MOST_PAYLOADS = 150;
const MOST_BYTES = 256 * 1024;
/** Entries after which other work gets its turn. */
const BREATH = 200;
const REFUSED_MS = 5000;
/** The data changed after it was read. */
const AGAIN_MS = 50;

export class RecurringJobs {
  readonly #connection: Connection;
  readonly #options: RecurringOptions;
  /** The next due first. */
  #waiting: Waiting[] = [];
  /** undefined: nothing was read yet, or the data is outdated. */
  #revision: string | undefined;
  #held = false;
  #dynamic = false;
  readonly #reported = new Set<string>();

  constructor(connection: Connection, options: RecurringOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** This process does not lead any more. */
  forget(): void {
    this.#revision = undefined;
    this.#waiting = [];
  }

  /** @returns after how many milliseconds the next one is due; 0: now; Infinity: none is */
  async step(moment: Moment): Promise<number> {
    const changed = this.#revision !== moment.revision || this.#held !== moment.held;
    // While a Ruby scheduler is active, it reads the changes.
    const rubyChanged = this.#dynamic && moment.rubyChanged && !moment.held;
    if (changed || rubyChanged) await this.#load(moment);
    if (this.#revision === undefined) return AGAIN_MS;
    const due = this.#due(moment.nowMs);
    if (due.length === 0) return this.#wait(moment.nowMs);
    await this.#fire(due, moment);
    return 0;
  }

  #wait(nowMs: number): number {
    const [first] = this.#waiting;
    return first === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(first.fireAt - nowMs));
  }

  /** Reads the schedules, and stores the first tick of new entries, so that a later leader does not skip it. */
  async #load({ revision, nowMs, held }: Moment): Promise<void> {
    this.forget();
    const stored = await readSchedules(this.#connection, this.#options.keys);
    const entries = await this.#entries(stored, held);
    const waiting: Waiting[] = [];
    const changes: TickChange[] = [];
    let looked = 0;
    for (const entry of entries.values()) {
      if (++looked % BREATH === 0) await setImmediate();
      if (stored.paused.has(entry.name) || (entry.ruby && held)) continue;
      const found = this.#begin(entry, stored, nowMs);
      if (found === undefined) continue;
      const { one, change } = found;
      if (change !== undefined) changes.push(change);
      if (one.state.next !== undefined) waiting.push(one);
    }
    for (const [name, seen] of stored.ticks)
      if (!entries.has(name)) changes.push({ name, seen, value: '', ruby: false, queue: '', payloads: [] });
    // Else something was published meanwhile: the next step reads again.
    if (stored.revision !== revision || !(await this.#write(changes, revision, nowMs))) return;
    this.#waiting = waiting.sort((a, b) => a.fireAt - b.fireAt);
    this.#revision = revision;
    this.#held = held;
  }

  async #entries({ sets, started }: StoredSchedules, held: boolean): Promise<ReadonlyMap<string, PublishedEntry>> {
    const read = [...sets].flatMap(([app, text]) => {
      const set = readSet(text);
      return set === undefined ? [] : [[app, set] as const];
    });
    this.#dynamic = read.some(([, set]) => set.dynamic);
    const readRuby = held ? peekDynamic : readDynamic;
    const dynamic = this.#dynamic ? await readRuby(this.#connection, this.#options.keys) : new Map();
    const { entries, problems } = mergeSets(new Map(read), started, dynamic);
    this.#reported.clear();
    for (const message of problems) this.#report(message);
    return entries;
  }

  #begin(entry: PublishedEntry, stored: StoredSchedules, nowMs: number) {
    try {
      const seen = stored.ticks.get(entry.name) ?? '';
      const state = firstState(entry, seen, nowMs, parseRubyTime(stored.lastEnqueuedAt.get(entry.name) ?? ''));
      const value = tickText(entry.timing, state);
      const one = { entry, seen: value, state, fireAt: fireTime(entry, state.next ?? 0) };
      return { one, change: value === seen ? undefined : changeOf(entry, seen, value, []) };
    } catch (error) {
      // Another version may have published what this one cannot read.
      this.#report(`${entry.name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** @returns false if the schedules have changed */
  async #write(changes: readonly TickChange[], revision: string, nowMs: number): Promise<boolean> {
    const { keys, locks } = this.#options;
    for (let first = 0; first < changes.length; first += MOST_ENTRIES) {
      const some = changes.slice(first, first + MOST_ENTRIES);
      const done = await changeTicks(this.#connection, keys, some, { revision, locks, nowMs });
      if (done === undefined || done.includes('other')) return false;
    }
    return true;
  }

  #due(nowMs: number): Waiting[] {
    const due: Waiting[] = [];
    while (due.length < MOST_ENTRIES && this.#waiting.length > due.length && this.#waiting[due.length].fireAt <= nowMs)
      due.push(this.#waiting[due.length]);
    return due;
  }

  /** As many due entries as fit into one call. */
  async #fire(due: readonly Waiting[], { revision, nowMs }: Moment): Promise<void> {
    const { keys, name, locks } = this.#options;
    const fired: { readonly one: Waiting; readonly next: Waiting; readonly skipped: boolean }[] = [];
    const changes: TickChange[] = [];
    let payloadsLeft = MOST_PAYLOADS;
    let bytesLeft = MOST_BYTES;
    for (const one of due) {
      if (payloadsLeft <= 0 || bytesLeft <= 0) break;
      const fits = Math.min(payloadsLeft, Math.floor(bytesLeft / one.entry.payload.length));
      const { payloads, lock, state, skipped } = fire(one.entry, one.state, nowMs, name, fits);
      const value = tickText(one.entry.timing, state);
      const fireAt = state.next === undefined ? Number.POSITIVE_INFINITY : fireTime(one.entry, state.next);
      fired.push({ one, next: { ...one, seen: value, state, fireAt }, skipped });
      changes.push({ ...changeOf(one.entry, one.seen, value, payloads), lock });
      payloadsLeft -= payloads.length;
      bytesLeft -= payloads.length * one.entry.payload.length;
    }
    const became = await changeTicks(this.#connection, keys, changes, { revision, locks, nowMs });
    if (became === undefined) return this.forget();
    this.#waiting.splice(0, fired.length);
    let count = 0;
    fired.forEach(({ one, next, skipped }, i) => {
      if (became[i] === 'done') count += changes[i].payloads.length;
      if (became[i] === 'kept') this.#options.tell({ kind: 'overlapping', entry: one.entry.name });
      if (became[i] === 'done' && skipped) this.#options.tell({ kind: 'missed', entry: one.entry.name });
      this.#goOn(became[i], one, next, nowMs);
    });
    if (count > 0) this.#options.tell({ kind: 'recurring', count });
    // Another process has changed it, or may enqueue it now: the data is outdated.
    if (became.some((one) => one === 'other' || one === 'held')) this.forget();
  }

  #goOn(became: Ticked, one: Waiting, next: Waiting, nowMs: number): void {
    if ((became === 'done' || became === 'kept') && next.state.next !== undefined) this.#insert(next);
    if (became !== 'refused') return;
    this.#report(`${one.entry.name}: the key of its queue ${one.entry.queue} is no list`);
    this.#insert({ ...one, fireAt: nowMs + REFUSED_MS });
  }

  #insert(one: Waiting): void {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#waiting[middle].fireAt <= one.fireAt) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, one);
  }

  #report(message: string): void {
    if (this.#reported.has(message)) return;
    this.#reported.add(message);
    this.#options.tell({ kind: 'schedule problem', message });
  }
}

function changeOf(entry: PublishedEntry, seen: string, value: string, payloads: readonly string[]): TickChange {
  return { name: entry.name, seen, value, ruby: entry.ruby, queue: entry.queue, payloads };
}
