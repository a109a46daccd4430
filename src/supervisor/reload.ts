/**
 * A reload: every slot gets a new child, which loads the new job modules, while the worker keeps working. The new
 * children start one after the other, each as soon as the one before is ready; the old ones finish their jobs in
 * parallel, as many as there are Redis connections for. A request during a reload starts another one after it.
 */
import type { Child } from './child-process.js';
import type { ChildLifecycle, ChildSlot } from './child-slot.js';
import type { ReloadProgress, RunningChild, SupervisorEvents } from './events.js';

export interface ReloadOptions {
  readonly slots: readonly ChildSlot[];
  /** How many more children than slots the Redis connections allow now. */
  readonly spare: () => number;
  readonly events: SupervisorEvents;
  readonly stopped: AbortSignal;
  /** The job classes of the child that became ready last. */
  readonly classes: () => readonly string[];
}

export class Reload {
  readonly #options: ReloadOptions;
  /** Old children that still finish their jobs: each has a Redis connection beyond one for each slot. */
  readonly #draining = new Map<Child, Promise<unknown>>();
  #running = false;
  #again = false;
  #replaced = 0;
  #slot: ChildSlot | undefined;

  constructor(options: ReloadOptions) {
    this.#options = options;
  }

  request(): void {
    this.#again = true;
    if (this.#running) this.#options.events.emit('reloadWaiting', { ...this.#describe(), requested: true });
    else void this.#run();
  }

  /** undefined: no reload is running. */
  get progress(): ReloadProgress | undefined {
    return this.#running ? this.#describe() : undefined;
  }

  /** A slot has replaced this child, which finishes its jobs. */
  drains({ child, over }: ChildLifecycle): void {
    this.#draining.set(child, over);
    void over.finally(() => this.#draining.delete(child));
  }

  async #run(): Promise<void> {
    const { events, stopped } = this.#options;
    this.#running = true;
    while (this.#again && !stopped.aborted) {
      this.#again = false;
      await this.#once();
    }
    this.#running = false;
    events.emit('stateChanged');
  }

  async #once(): Promise<void> {
    const { slots, spare, events, stopped, classes } = this.#options;
    this.#replaced = 0;
    events.emit('reloading', { children: slots.length, spare: spare() });
    for (const slot of slots) {
      events.emit('stateChanged');
      const replaced = await this.#replace(slot);
      if (stopped.aborted) return;
      if (!replaced) {
        events.emit('reloadFailed', { replaced: this.#replaced });
        return;
      }
      this.#replaced++;
    }
    const draining = [...this.#draining.keys()].map(shown).filter(({ running }) => running > 0);
    events.emit('reloaded', { classes: classes(), draining });
  }

  async #replace(slot: ChildSlot): Promise<boolean> {
    const { spare, stopped } = this.#options;
    this.#slot = slot;
    while (spare() > 0 && this.#draining.size >= spare() && !stopped.aborted) {
      this.tellWaiting();
      await Promise.race(this.#draining.values());
    }
    const replaced = await slot.replace(spare() > 0 ? 'new-first' : 'old-first');
    this.#slot = undefined;
    return replaced;
  }

  /** Waiting may take as long as a job: says what the reload waits for. */
  tellWaiting(): void {
    const progress = this.#describe();
    const { what, children } = progress.waitingFor;
    if (what === 'draining' && children.some(({ running }) => running > 0))
      this.#options.events.emit('reloadWaiting', { ...progress, requested: false });
  }

  #describe(): ReloadProgress {
    const done = { replaced: this.#replaced, total: this.#options.slots.length };
    const child = this.#slot?.waitingFor;
    if (child?.retiring) return { ...done, waitingFor: { what: 'draining', children: [shown(child)] } };
    if (child !== undefined) return { ...done, waitingFor: { what: 'starting', children: [shown(child)] } };
    return { ...done, waitingFor: { what: 'draining', children: [...this.#draining.keys()].map(shown) } };
  }
}

function shown(child: Child): RunningChild {
  return { pid: child.pid ?? 0, running: child.running };
}
