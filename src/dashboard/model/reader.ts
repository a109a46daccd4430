/**
 * The one reader of a process, whatever the number of viewers: reads figures, queues, workers and history in rounds while somebody
 * looks, and nothing otherwise. Pages are made of its last {@link Snapshot}. Bounded by construction: each of its parts has
 * a budget of calls.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { Budget, paced } from './budget.js';
import { readFigures } from './figures.js';
import { readHealth } from './health.js';
import { readNewHistory } from './history.js';
import { readQueueFigures } from './queue-figures.js';
import type { Snapshot } from './snapshot.js';
import { readWorkerFigures } from './worker-figures.js';

export interface ReaderOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly pruneAfterMs: number;
  /** As in the settings: names the lock of Ruby's scheduler. */
  readonly schedulerLockPrefix: string;
  /** Nothing is written, the history neither. */
  readonly readOnly: boolean;
}

/** After a page was asked for. */
const WANTED_MS = 15_000;
const EVERY_MS = 2000;
const HEALTH_EVERY_MS = 10_000;
/** More often than once a minute, so that no minute is left out; what was measured already costs one call. */
const HISTORY_EVERY_MS = 15_000;
/** A page waits so long for the first readings after a rest. */
const PATIENCE_MS = 1500;
const EMPTY: Snapshot = {
  ...{ version: 0, figures: undefined, queues: undefined, workers: undefined, health: undefined, history: undefined },
  problem: undefined,
};

type Part = 'figures' | 'queues' | 'workers' | 'health' | 'history';

export class Reader {
  readonly #parts: Readonly<Record<Part, () => Promise<Partial<Snapshot>>>>;
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot = EMPTY;
  #holders = 0;
  #wantedUntil = 0;
  /** Those that have been read since somebody looks again. */
  readonly #fresh = new Set<Part>();
  /** Those that could not be read the last time, and since when. */
  readonly #problems = new Map<Part, { readonly text: string; readonly since: number }>();
  #running: Promise<unknown> | undefined;
  readonly #closed = new AbortController();
  #nudge = new AbortController();

  constructor({ connection, keys, pruneAfterMs, schedulerLockPrefix, readOnly }: ReaderOptions) {
    // Together at most nine a second: half a call for the figures, and these.
    const workers = paced(connection, new Budget(5, 12));
    const queues = paced(connection, new Budget(3, 8));
    this.#parts = {
      figures: async () => ({
        figures: await readFigures(connection, keys, schedulerLockPrefix, this.#snapshot.figures),
      }),
      queues: async () => ({ queues: await readQueueFigures(queues, keys, this.#snapshot.queues) }),
      workers: async () => ({ workers: await readWorkerFigures(workers, keys, pruneAfterMs) }),
      health: async () => ({ health: await readHealth(connection) }),
      history: async () => ({ history: await readNewHistory(connection, keys, this.#snapshot.history, readOnly) }),
    };
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Somebody asks for a page. Resolves to what there is as soon as it was read after now, or is a few seconds old.
   * @param isPatient false: what is known will do, where anything is
   */
  async look(isPatient = true): Promise<Snapshot> {
    this.#wantedUntil = performance.now() + WANTED_MS;
    this.#begin();
    if (!isPatient && this.#snapshot.queues !== undefined) return this.#snapshot;
    const until = performance.now() + PATIENCE_MS;
    while (!this.#isFresh() && performance.now() < until) await this.#changed(until - performance.now());
    return this.#snapshot;
  }

  /** Something was changed: what is shown next is read after now. */
  renew(): void {
    this.#fresh.clear();
    const nudge = this.#nudge;
    this.#nudge = new AbortController();
    nudge.abort();
  }

  /** Somebody looks on. @returns to be called when they leave */
  hold(): () => void {
    this.#holders++;
    this.#begin();
    return () => {
      this.#holders--;
    };
  }

  /** @returns to be called when nobody listens any more */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  get #isWanted(): boolean {
    return !this.#closed.signal.aborted && (this.#holders > 0 || performance.now() < this.#wantedUntil);
  }

  #isFresh(): boolean {
    return (
      this.#snapshot.problem !== undefined ||
      (['figures', 'queues', 'workers', 'history'] as const).every((part) => this.#fresh.has(part))
    );
  }

  #begin(): void {
    if (this.#running !== undefined || this.#closed.signal.aborted) return;
    this.#fresh.clear();
    const loops = [
      this.#loop('figures', EVERY_MS),
      this.#loop('queues', EVERY_MS),
      this.#loop('workers', EVERY_MS),
      this.#loop('health', HEALTH_EVERY_MS),
      this.#loop('history', HISTORY_EVERY_MS),
    ];
    this.#running = Promise.all(loops).finally(() => {
      this.#running = undefined;
      if (this.#isWanted) this.#begin();
    });
  }

  async #loop(part: Part, everyMs: number): Promise<void> {
    for (let due = performance.now(); this.#isWanted; due = Math.max(due + everyMs, performance.now() + everyMs / 4)) {
      const over = AbortSignal.any([this.#closed.signal, this.#nudge.signal]);
      await sleep(Math.max(0, due - performance.now()), undefined, { ref: false, signal: over }).catch(() => {});
      if (this.#isWanted) await this.#read(part);
    }
  }

  async #read(part: Part): Promise<void> {
    try {
      const read = await this.#parts[part]();
      this.#fresh.add(part);
      this.#problems.delete(part);
      this.#publish(read);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#problems.set(part, { text, since: this.#problems.get(part)?.since ?? Date.now() });
      this.#publish({});
    }
  }

  #publish(change: Partial<Snapshot>): void {
    const [problem] = this.#problems.values();
    this.#snapshot = { ...this.#snapshot, ...change, problem, version: this.#snapshot.version + 1 };
    for (const listener of this.#listeners) listener();
  }

  #changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(end, Math.max(0, ms));
      const off = this.onChange(end);
    });
  }
}
