/** How many workers take jobs of a queue, for thousands of both: counted once for each list of queues that differs. Pure. */
import { isDynamic, serves } from '../../queue-patterns.js';

export class Serving {
  readonly #lists = new Map<string, { readonly queues: readonly string[]; workers: number }>();
  #byName: Map<string, number> | undefined;
  #patterns: { readonly queues: readonly string[]; readonly workers: number }[] = [];

  add(queues: readonly string[]): void {
    const key = queues.join();
    const known = this.#lists.get(key);
    if (known === undefined) this.#lists.set(key, { queues, workers: 1 });
    else known.workers++;
    this.#byName = undefined;
  }

  of(queue: string): number {
    const byName = this.#byName ?? this.#index();
    const matching = this.#patterns.filter(({ queues }) => serves(queues, queue));
    return matching.reduce((sum, { workers }) => sum + workers, byName.get(queue) ?? 0);
  }

  /** Lists with a pattern are matched one by one; all others are looked up. */
  #index(): Map<string, number> {
    const byName = new Map<string, number>();
    const lists = [...this.#lists.values()];
    this.#patterns = lists.filter(({ queues }) => isDynamic(queues));
    for (const { queues, workers } of lists)
      if (!isDynamic(queues))
        for (const queue of new Set(queues)) byName.set(queue, (byName.get(queue) ?? 0) + workers);
    this.#byName = byName;
    return byName;
  }
}
