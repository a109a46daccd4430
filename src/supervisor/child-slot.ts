/**
 * One place for a child: filled again and again until the stop, and renewed when asked. It owns which child is the
 * current one; how a child lives and what its end means is told to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child-process.js';

/** One child from its start until it has left the books. */
export interface Life {
  readonly child: Child;
  readonly over: Promise<Fate>;
}

/** What becomes of the place. */
export interface Fate {
  /** Fill it again. */
  readonly again: boolean;
  readonly afterMs: number;
}

/** A request for another child, with or without room for both at once. */
class Renewal {
  readonly spare: boolean;
  readonly done: Promise<boolean>;
  settle!: (renewed: boolean | Promise<boolean>) => void;

  constructor(spare: boolean) {
    this.spare = spare;
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

export interface PlaceOptions {
  /** Starts a child. One on `trial` is not the only one here, and is not replaced when it cannot start. */
  readonly begin: (trial: boolean) => Life;
  /** A new child works, and the old one was told to end its jobs. */
  readonly replacing: (old: Child, next: Child) => void;
  readonly stopped: AbortSignal;
}

const REASON = 'another child takes its place';

export class Place {
  readonly #options: PlaceOptions;
  readonly #stopped: AbortSignal;
  readonly #ending: Promise<unknown>[] = [];
  #renewal: Renewal | undefined;
  /** Aborts when a renewal is asked for. */
  #asked = new AbortController();
  #over = false;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#stopped = options.stopped;
  }

  /** Resolves when the place is not to be filled again and everybody who was in it has left. */
  async keep(): Promise<void> {
    let life: Life | undefined;
    while (!this.#stopped.aborted) {
      life ??= this.#enter();
      const fate = await this.#next(life);
      if (fate === undefined) life = await this.#renew(life, this.#takeRenewal());
      else if (fate.again) {
        life = undefined;
        await this.#rest(fate.afterMs);
      } else break;
    }
    this.#over = true;
    this.#takeRenewal().settle(false);
    await Promise.all([life?.over, ...this.#ending]);
  }

  /**
   * Puts another child in place of the one that works here.
   * @returns whether one works now; resolves when the old one has gone
   */
  renew(spare: boolean): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    this.#renewal ??= new Renewal(spare);
    this.#asked.abort();
    return this.#renewal.done;
  }

  /** Into a place where nobody is. */
  #enter(): Life {
    const life = this.#options.begin(false);
    if (this.#renewal !== undefined) this.#takeRenewal().settle(life.child.ready);
    return life;
  }

  /** @returns what comes of the place when the child has gone; undefined when a renewal comes first */
  async #next(life: Life): Promise<Fate | undefined> {
    const over = new AbortController();
    const asked = once(AbortSignal.any([this.#asked.signal, over.signal]));
    const fate = await Promise.race([life.over, asked]);
    over.abort();
    return fate;
  }

  #takeRenewal(): Renewal {
    const renewal = this.#renewal ?? new Renewal(false);
    this.#renewal = undefined;
    this.#asked = new AbortController();
    return renewal;
  }

  #renew(old: Life, renewal: Renewal): Promise<Life> {
    return renewal.spare ? this.#overtake(old, renewal) : this.#follow(old, renewal);
  }

  /** The new one first: the place is never without. */
  async #overtake(old: Life, renewal: Renewal): Promise<Life> {
    // Replacing one that is still starting would only start two.
    await old.child.ready;
    const next = this.#options.begin(true);
    if (!(await next.child.ready)) {
      await next.over;
      renewal.settle(false);
      return old;
    }
    old.child.retire(REASON);
    this.#options.replacing(old.child, next.child);
    this.#ending.push(old.over);
    renewal.settle(old.over.then(() => true));
    return next;
  }

  /** The old one first: there is no connection for both. */
  async #follow(old: Life, renewal: Renewal): Promise<Life> {
    old.child.retire(REASON);
    await old.over;
    if (this.#stopped.aborted) {
      renewal.settle(false);
      return old;
    }
    const next = this.#options.begin(false);
    renewal.settle(next.child.ready);
    return next;
  }

  /** Cut short by the stop, and by a renewal: what was wrong may have been put right. */
  async #rest(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopped, this.#asked.signal]);
    if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function once(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
