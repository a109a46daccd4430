/** Kills random processes of a fleet, as long as work goes on at all. */
import { busyPids } from './busy.js';
import type { Chaos } from './chaos.js';
import type { Daemon } from './daemon.js';
import type { Link } from './link.js';

/** Without a job done for so long nobody is killed, until one is. */
const STILL_MS = 1000;

/**
 * A new daemon takes a second of a core until it works. On few cores kills without end would leave nothing but processes
 * that start, and show nothing: so the killer waits for a job to be done where none was for a while.
 */
export class Killer {
  readonly #chaos: Chaos;
  readonly #fleet: readonly Daemon[];
  readonly #link: Link;
  #done = 0;
  #doneAt = 0;

  constructor(chaos: Chaos, fleet: readonly Daemon[], link: Link) {
    this.#chaos = chaos;
    this.#fleet = fleet;
    this.#link = link;
  }

  /** @returns false where it waits */
  async killOne(): Promise<boolean> {
    if (!this.#workGoesOn()) return false;
    const victims = await this.#victims();
    if (victims.length === 0) return false;
    this.#fleet[0].signal('SIGKILL', [this.#chaos.random.pick(victims)]);
    return true;
  }

  #workGoesOn(): boolean {
    const counts = this.#chaos.sampler.last?.counts;
    const done = (counts?.processed ?? 0) + (counts?.failed ?? 0);
    if (done > this.#done) [this.#done, this.#doneAt] = [done, performance.now()];
    return performance.now() - this.#doneAt < STILL_MS;
  }

  /** Half of the time one that has jobs in hand, or its supervisor; else any, also one that starts or leaves. */
  async #victims(): Promise<number[]> {
    const all = this.#fleet.flatMap((daemon) => daemon.processes());
    if (this.#chaos.random.chance(0.5)) return all;
    const busy = await busyPids(this.#link);
    const working = this.#fleet.flatMap((daemon) => {
      const children = daemon.children().filter((pid) => busy.has(pid));
      return children.length > 0 ? [daemon.supervisor, ...children] : [];
    });
    return working.length > 0 ? working : all;
  }
}
