/**
 * A fleet of idle processes and one Redis, as a discrete simulation: jobs are pushed at random times, Redis tells every
 * process that watches, each holds back for what the real herd.ts says and claims. Redis does one thing at a time. The
 * times of Redis and of the way there are round figures for one machine; the jitter is the product's own.
 */
import { herdDelayMs } from '../../../src/engine/wake.js';
import { EventQueue } from './events.js';

export interface FleetOptions {
  readonly processes: number;
  readonly pushesPerSecond: number;
  readonly pushes: number;
  readonly random: () => number;
}

export interface FleetResult {
  /** From each push to the claim of its job, in milliseconds, sorted. */
  readonly delaysMs: readonly number[];
  readonly wastedClaims: number;
  readonly simulatedMs: number;
}

/** One way to Redis or back; a claim in Redis; telling one process of a push. */
const [WAY_MS, CLAIM_MS, TELL_MS] = [0.05, 0.02, 0.001];

type Event =
  | { readonly at: number; readonly kind: 'push' }
  | { readonly at: number; readonly kind: 'told' | 'claim' | 'reply'; readonly process: number };

export function simulateFleet(options: FleetOptions): FleetResult {
  const fleet = new Fleet(options);
  fleet.run();
  return {
    delaysMs: fleet.delays.sort((a, b) => a - b),
    wastedClaims: fleet.wasted,
    simulatedMs: fleet.now,
  };
}

class Fleet {
  readonly delays: number[] = [];
  wasted = 0;
  now = 0;
  readonly #options: FleetOptions;
  readonly #events = new EventQueue<Event>();
  /** Redis tells these at the next push, once; a claim that finds nothing puts its process back. */
  #watching: number[];
  /** Holding back, or with a claim under way: told again, it does nothing more. */
  readonly #roused = new Set<number>();
  readonly #waiting: number[] = [];
  #redisFreeAt = 0;
  #pushed = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#watching = Array.from({ length: options.processes }, (_, i) => i);
    this.#addPush();
  }

  run(): void {
    for (let event = this.#events.next(); event !== undefined; event = this.#events.next()) {
      this.now = event.at;
      if (event.kind === 'push') this.#push();
      else if (event.kind === 'told') this.#told(event.process);
      else if (event.kind === 'claim') this.#claim(event.process);
      else this.#roused.delete(event.process);
    }
  }

  #addPush(): void {
    if (this.#pushed++ >= this.#options.pushes) return;
    const pause = (-Math.log(1 - this.#options.random()) * 1000) / this.#options.pushesPerSecond;
    this.#events.add({ at: this.now + pause, kind: 'push' });
  }

  #push(): void {
    this.#waiting.push(this.now);
    let at = Math.max(this.now, this.#redisFreeAt);
    for (const process of this.#watching) {
      at += TELL_MS;
      this.#events.add({ at: at + WAY_MS, kind: 'told', process });
    }
    this.#redisFreeAt = at;
    this.#watching = [];
    this.#addPush();
  }

  /** As Engine.pushed: a timer of Node counts whole milliseconds, and less than one is none. */
  #told(process: number): void {
    if (this.#roused.has(process)) return;
    this.#roused.add(process);
    const delay = herdDelayMs(this.#options.processes, this.#options.random());
    this.#events.add({ at: this.now + Math.floor(delay) + WAY_MS, kind: 'claim', process });
  }

  #claim(process: number): void {
    const at = Math.max(this.now, this.#redisFreeAt) + CLAIM_MS;
    this.#redisFreeAt = at;
    // It claims for all of its slots: whatever waits is taken, and what it watches is armed anew.
    const found = this.#waiting.splice(0);
    if (found.length === 0) this.wasted++;
    for (const pushedAt of found) this.delays.push(at - pushedAt);
    this.#watching.push(process);
    this.#events.add({ at: at + WAY_MS, kind: 'reply', process });
  }
}
