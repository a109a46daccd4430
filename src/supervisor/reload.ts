/**
 * A reload: every place gets another child, one after the other, so that new job modules come in and nothing stands
 * still. Asked for again while it is under way, it begins anew when it is through.
 */
import type { Place } from './child-slot.js';

export interface RolloutEvents {
  /** `spare`: each new child begins before the old one ends; else the old one ends first. */
  reloading(children: number, spare: boolean): void;
  reloaded(facts: { readonly classes: readonly string[] }): void;
  /** Nothing was lost: the children that were not replaced go on. */
  reloadFailed(replaced: number): void;
}

export interface RolloutOptions {
  readonly places: readonly Place[];
  /** Redis connections allow one child more than there are places. */
  readonly spare: boolean;
  readonly events: RolloutEvents;
  readonly stopped: AbortSignal;
  /** Those of the child that became ready last. */
  readonly classes: () => readonly string[];
}

export class Rollout {
  readonly #options: RolloutOptions;
  #running = false;
  #again = false;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  request(): void {
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again && !this.#options.stopped.aborted) {
      this.#again = false;
      await this.#once();
    }
    this.#running = false;
  }

  async #once(): Promise<void> {
    const { places, spare, events, stopped, classes } = this.#options;
    events.reloading(places.length, spare);
    for (const [replaced, place] of places.entries()) {
      const renewed = await place.renew(spare);
      if (stopped.aborted) return;
      if (!renewed) {
        events.reloadFailed(replaced);
        return;
      }
    }
    events.reloaded({ classes: classes() });
  }
}
