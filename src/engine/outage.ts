/** An outage of the store: when it began, and how long to wait before the next attempt. */
import * as globals from '../globals.js';
import { asError } from '../thrown.js';
import type { EngineEvents } from './events.js';
import { Wake } from './wake.js';

const [FIRST_RETRY_MS, LAST_RETRY_MS] = [50, 2000];

export class Outage {
  readonly #events: EngineEvents;
  /** Ends the pause between two attempts. */
  readonly #retry = new Wake();
  #since = 0;
  #failures = 0;

  constructor(events: EngineEvents) {
    this.#events = events;
  }

  /** A call failed: waits before the next attempt, longer each time, or until {@link retry}. */
  async holdOff(thrown: unknown): Promise<void> {
    if (this.#since === 0) {
      this.#since = globals.now();
      this.#events.emit('outage', asError(thrown));
    }
    await this.#retry.wait(Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, 10), LAST_RETRY_MS));
  }

  /** Ends the wait: the connection was restored, or the engine stops. */
  retry(): void {
    this.#retry.call();
  }

  /** A call succeeded. */
  over(): void {
    if (this.#since === 0) return;
    this.#events.emit('restored', Math.round(globals.now() - this.#since));
    this.#since = 0;
    this.#failures = 0;
  }
}
