/** Finishes not yet delivered. What a failed call took is put back, and marked: Redis may have it already. */
import type { Finish } from './interfaces.js';

export class Outbox {
  #waiting: Finish[] = [];
  #resent = new Set<string>();

  get size(): number {
    return this.#waiting.length;
  }

  add(finish: Finish): void {
    this.#waiting.push(finish);
  }

  /** For claims that are handed back: the latest goes to the head of its queue first, the earliest ends up before it. */
  addFirst(finish: Finish): void {
    this.#waiting.unshift(finish);
  }

  take(atMost: number): Finish[] {
    if (this.#waiting.length > atMost) return this.#waiting.splice(0, atMost);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  putBack(finishes: readonly Finish[]): void {
    for (const { claim } of finishes) this.#resent.add(claim.token);
    this.#waiting = [...finishes, ...this.#waiting];
  }

  /** The finish of this slot turned out to be delivered. Returns it, where there was one. */
  dropSlot(slot: number): Finish[] {
    const dropped = this.#waiting.filter(({ claim }) => claim.slot === slot);
    if (dropped.length > 0) this.#waiting = this.#waiting.filter(({ claim }) => claim.slot !== slot);
    for (const { claim } of dropped) this.#resent.delete(claim.token);
    return dropped;
  }

  holds(token: string): boolean {
    return this.#waiting.some(({ claim }) => claim.token === token);
  }

  holdsSlot(slot: number): boolean {
    return this.#waiting.some(({ claim }) => claim.slot === slot);
  }

  /** @returns whether the finish had been sent before, so that "not counted" is no news. Forgets it. */
  wasResent(token: string): boolean {
    return this.#resent.size > 0 && this.#resent.delete(token);
  }
}
