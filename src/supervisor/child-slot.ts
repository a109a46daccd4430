/**
 * One slot for a child: starts a child again until the stop, and replaces it on request. The slot owns which child is
 * the current one; the restart decision comes from the lifecycle.
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
 * new-first: the new child works before the old one is asked to end, so there are two for a while. old-first: there is
 * no Redis connection for both.
 */
export type ReplaceOrder = 'new-first' | 'old-first';

export interface ChildSlotOptions {
  /** Starts a child. `trial`: another child works in the slot, so this one is not started again if it cannot start. */
  readonly begin: (trial: boolean) => ChildLifecycle;
  /** A new child works, and the old one was asked to finish its jobs and exit. */
  readonly replacing: (old: ChildLifecycle, next: Child) => void;
  /** A replacement waits until {@link ChildSlot.waitingFor} is ready, or has ended. */
  readonly waiting: () => void;
  readonly stopped: AbortSignal;
}

/** A request to replace the child. */
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
  /** Aborts when the slot is closed. */
  readonly #closed = new AbortController();
  /** Aborts at the stop, and when the slot is closed. */
  readonly #ended: AbortSignal;
  /** Replaced children that still finish their jobs. */
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

  /** During a replacement: the child that has to become ready, or to end, before the replacement continues. */
  get waitingFor(): Child | undefined {
    return this.#waitingFor;
  }

  /** Resolves when no child will be started any more and all children of the slot have left. */
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
    // Closed during a replacement: the child that is current now has not been asked to retire.
    if (this.#closed.signal.aborted) this.#current?.child.retire(CLOSED);
    this.#over = true;
    this.#takeReplacement().settle(false);
    await Promise.all([this.#current?.over, ...this.#draining]);
  }

  /**
   * Replaces the child.
   * @returns whether the new one works now; the old one may still be finishing its jobs
   */
  replace(order: ReplaceOrder): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    this.#replacement ??= new Replacement(order);
    this.#asked.abort();
    return this.#replacement.done;
  }

  /** The child finishes its jobs and exits, and is not replaced. */
  close(): void {
    this.#closed.abort();
    this.#current?.child.retire(CLOSED);
  }

  #fill(): ChildLifecycle {
    const lifecycle = this.#options.begin(false);
    if (this.#replacement !== undefined) this.#takeReplacement().settle(lifecycle.child.ready);
    return lifecycle;
  }

  /** @returns the restart decision when the child is gone; undefined when a replacement is requested before that */
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
    // Replacing a child that is still starting would only start two.
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

  /** Ends early at the stop, and at a replacement: the cause may have been fixed. */
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
