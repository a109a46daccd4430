/**
 * Finds children whose event loop is blocked by a job. It watches only while some child has announced further pulses,
 * so that an idle worker costs nothing.
 */
import type { Child } from './child-process.js';

const WATCH_MS = 1000;
/** Pulses come every two seconds, and a busy machine may be late. */
const SILENT_MS = 5000;
/** A check that is this late was delayed itself: the whole process group may have been suspended. */
const LATE_MS = 1000;

export interface BlockedWatchEvents {
  /** The child has not answered for `silentMs`. Called once. */
  onBlocked(child: Child, silentMs: number): void;
  /** The child answers again. */
  onAnswering(child: Child): void;
  /** All its jobs have time limits, and it has been silent for longer than the longest. Called at each check. */
  onBeyondLimits(child: Child, silentMs: number): void;
}

export class BlockedWatch {
  readonly #children: ReadonlySet<Child>;
  readonly #events: BlockedWatchEvents;
  /** Blocked children, and since when, by the monotonic clock. */
  readonly #blocked = new Map<Child, number>();
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** No child is judged before this time. */
  #listenUntil = 0;

  constructor(children: ReadonlySet<Child>, events: BlockedWatchEvents) {
    this.#children = children;
    this.#events = events;
  }

  /** Since when the child has not answered, by the monotonic clock; undefined: it answers. */
  blockedSince(child: Child): number | undefined {
    return this.#blocked.get(child);
  }

  /** A message of the child arrived. */
  heard(child: Child, now = performance.now()): void {
    if (this.#blocked.delete(child)) this.#events.onAnswering(child);
    if (!child.pulsing || this.#timer !== undefined) return;
    this.#lookedAt = now;
    this.#timer = setInterval(() => this.look(), WATCH_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  look(now = performance.now()): void {
    for (const child of this.#blocked.keys()) if (!this.#children.has(child)) this.#blocked.delete(child);
    const watched = [...this.#children].filter((child) => child.working && child.pulsing);
    if (watched.length === 0) this.stop();
    // Timers run before pending messages are read: after a late check the delay may be on our side.
    if (now - this.#lookedAt > WATCH_MS + LATE_MS) this.#listenUntil = now + SILENT_MS;
    this.#lookedAt = now;
    if (now >= this.#listenUntil) for (const child of watched) this.#judge(child, now);
  }

  #judge(child: Child, now: number): void {
    const silentMs = now - child.heardAt;
    if (silentMs <= SILENT_MS) return;
    if (!this.#blocked.has(child)) {
      this.#blocked.set(child, child.heardAt);
      this.#events.onBlocked(child, silentMs);
    }
    if (child.limitMs > 0 && silentMs > child.limitMs + SILENT_MS) this.#events.onBeyondLimits(child, silentMs);
  }
}
