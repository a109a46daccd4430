/** Reports when no reply has arrived on a connection for some time, although some are due. Uses a single timer. */

import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

export interface ReplyWatchEvents {
  /** `onDoubt` is called after this many milliseconds of silence, and again after each further period. */
  readonly doubtMs: number;
  onDoubt(): void;
  onSilent(): void;
}

/** A timer that is this late shows that this process was blocked or suspended: Redis may have answered. */
const LATE_MS = 500;

export class ReplyWatch {
  readonly #events: ReplyWatchEvents;
  #owed = 0;
  /** Since when replies are due and none has arrived. */
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #silentMs: number;

  /** @param silentMs milliseconds of silence until `onSilent` is called; 0: never */
  constructor(events: ReplyWatchEvents, silentMs: number) {
    this.#events = events;
    this.#silentMs = silentMs;
  }

  /** Changes the limit, also for a silence that has begun. */
  limit(silentMs: number): void {
    this.#silentMs = silentMs;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#arm(globals.now());
  }

  sent(): void {
    if (this.#owed++ === 0) this.#since = globals.now();
    if (this.#timer === undefined) this.#arm(this.#since);
  }

  answered(): void {
    this.#owed--;
    this.#since = globals.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#owed = 0;
  }

  #arm(now: number): void {
    const { doubtMs } = this.#events;
    const silentMs = this.#silentMs;
    const silent = now - this.#since;
    const doubt = doubtMs - (silent % doubtMs);
    const waitMs = silentMs > 0 ? Math.min(doubt, silentMs - silent) : doubt;
    this.#dueAt = now + waitMs;
    const timer = setTimeout(() => {
      const lateMs = globals.now() - this.#dueAt;
      // After replies that have arrived but were not read yet.
      setImmediate(() => {
        if (this.#timer === timer) this.#look(lateMs);
      });
    }, waitMs).unref();
    this.#timer = timer;
  }

  #look(lateMs: number): void {
    this.#timer = undefined;
    if (this.#owed === 0) return;
    const now = globals.now();
    if (lateMs > LATE_MS) this.#since = now;
    const silent = now - this.#since;
    const { doubtMs, onDoubt, onSilent } = this.#events;
    if (this.#silentMs > 0 && silent >= this.#silentMs) {
      onSilent();
      return;
    }
    if (silent >= doubtMs) onDoubt();
    this.#arm(now);
  }
}
