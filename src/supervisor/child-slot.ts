/**
 * One slot for a child: filled again and again until the stop, and its child replaced when asked. It owns which child is
 * the current one; how a child lives and what its end means is told to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child-process.js';
import type { RestartDecision } from './restart-policy.js';

/** One child from its start until it has left the registry. */
export interface ChildLifecycle {
  readonly child: Child;
  readonly over: Promise<RestartDecision>;
}

/**
 * new-first: the new child works before the old one is told to end, so there are two for a while. old-first: there is no
 * connection for both.
 */
export type ReplaceOrder = 'new-first' | 'old-first';

export interface ChildSlotOptions {
  /** Starts a child. One on `trial` is not the only one here, and is not started again when it cannot start. */
  readonly begin: (trial: boolean) => ChildLifecycle;
  /** A new child works, and the old one was told to end its jobs. */
  readonly replacing: (old: ChildLifecycle, next: Child) => void;
  /** A replacement goes on when {@link ChildSlot.waitingFor} has begun, or ended. */
  readonly waiting: () => void;
  readonly stopped: AbortSignal;
}

/** A request for another child. */
class Replacement {
  readonly order: ReplaceOrder;
  readonly done: Promise<boolean>;
  settle!: (replaced: boolean | Promise<boolean>) => void;

  constructor(order: ReplaceOrder) {
    this.order = order;
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

const REPLACED = 'another child process replaces it';
const CLOSED = 'it is not needed any more';

export class ChildSlot {
  readonly #options: ChildSlotOptions;
  /** Aborts at the stop, and when the slot is closed. */
  readonly #closed = new AbortController();
  readonly #ended: AbortSignal;
  /** Replaced children that still end their jobs. */
  readonly #draining = new Set<Promise<unknown>>();
  #current: ChildLifecycle | undefined;
  #replacement: Replacement | undefined;
  /** Aborts when a replacement is asked for. */
  #asked = new AbortController();
  #over = false;
  #waitingFor: Child | undefined;

  constructor(options: ChildSlotOptions) {
    this.#options = options;
    this.#ended = AbortSignal.any([options.stopped, this.#closed.signal]);
  }

  /** During a replacement: the child that has to begin, or to end, before it goes on. */
  get waitingFor(): Child | undefined {
    return this.#waitingFor;
  }

  /** Resolves when the slot is not to be filled again and everybody who was in it has left. */
  async run(): Promise<void> {
    while (!this.#ended.aborted) {
      this.#current ??= this.#fill();
      const decision = await this.#next(this.#current);
      if (decision === undefined) this.#current = await this.#replace(this.#current, this.#takeReplacement());
      else if (decision.restart) {
        this.#current = undefined;
        await this.#rest(decision.afterMs);
      } else break;
    }
    // Closed while a replacement was under way: it would not hear of it otherwise.
    if (this.#closed.signal.aborted) this.#current?.child.retire(CLOSED);
    this.#over = true;
    this.#takeReplacement().settle(false);
    await Promise.all([this.#current?.over, ...this.#draining]);
  }

  /**
   * Puts another child in place of the one that works here.
   * @returns whether one works now; the old one may still be ending its jobs
   */
  replace(order: ReplaceOrder): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    this.#replacement ??= new Replacement(order);
    this.#asked.abort();
    return this.#replacement.done;
  }

  /** The child here ends its jobs, and no other comes. */
  close(): void {
    this.#closed.abort();
    this.#current?.child.retire(CLOSED);
  }

  #fill(): ChildLifecycle {
    const lifecycle = this.#options.begin(false);
    if (this.#replacement !== undefined) this.#takeReplacement().settle(lifecycle.child.ready);
    return lifecycle;
  }

  /** @returns what comes of the slot when the child has gone; undefined when a replacement comes first */
  async #next(lifecycle: ChildLifecycle): Promise<RestartDecision | undefined> {
    const over = new AbortController();
    const asked = once(AbortSignal.any([this.#asked.signal, over.signal]));
    const decision = await Promise.race([lifecycle.over, asked]);
    over.abort();
    return decision;
  }

  #takeReplacement(): Replacement {
    const replacement = this.#replacement ?? new Replacement('old-first');
    this.#replacement = undefined;
    this.#asked = new AbortController();
    return replacement;
  }

  async #replace(old: ChildLifecycle, replacement: Replacement): Promise<ChildLifecycle> {
    try {
      return await (replacement.order === 'new-first'
        ? this.#newFirst(old, replacement)
        : this.#oldFirst(old, replacement));
    } finally {
      this.#waitingFor = undefined;
    }
  }

  /** The slot is never without a child. */
  async #newFirst(old: ChildLifecycle, replacement: Replacement): Promise<ChildLifecycle> {
    // Replacing one that is still starting would only start two.
    this.#wait(old.child);
    await old.child.ready;
    const next = this.#options.begin(true);
    this.#wait(next.child);
    if (!(await next.child.ready)) {
      await next.over;
      replacement.settle(false);
      return old;
    }
    old.child.replaced = true;
    old.child.retire(REPLACED);
    this.#options.replacing(old, next.child);
    this.#draining.add(old.over);
    void old.over.finally(() => this.#draining.delete(old.over));
    replacement.settle(true);
    return next;
  }

  async #oldFirst(old: ChildLifecycle, replacement: Replacement): Promise<ChildLifecycle> {
    old.child.retire(REPLACED);
    this.#wait(old.child);
    await old.over;
    if (this.#ended.aborted) {
      replacement.settle(false);
      return old;
    }
    const next = this.#options.begin(false);
    replacement.settle(next.child.ready);
    return next;
  }

  #wait(child: Child): void {
    this.#waitingFor = child;
    this.#options.waiting();
  }

  /** Cut short by the stop, and by a replacement: what was wrong may have been put right. */
  async #rest(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#ended, this.#asked.signal]);
    if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function once(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
