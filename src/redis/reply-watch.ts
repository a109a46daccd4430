/** Tells when replies are owed on a connection and none has come for a time. One timer, whatever is sent. */

import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

export interface ReplyWatchEvents {
  /** So many milliseconds, and each time as many again. */
  readonly doubtMs: number;
  onDoubt(): void;
  onSilent(): void;
}

/** A timer that is so late shows that we were blocked or suspended ourselves: that says nothing about Redis. */
const LATE_MS = 500;

export class ReplyWatch {
  readonly #events: ReplyWatchEvents;
  #owed = 0;
  /** Since when replies are owed and none has come. */
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #silentMs: number;

  /** @param silentMs until the last word; 0: never */
  constructor(events: ReplyWatchEvents, silentMs: number) {
    this.#events = events;
    this.#silentMs = silentMs;
  }

  /** Another limit, also for the silence that lasts. */
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
      // Behind what has arrived meanwhile and was not read yet.
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
