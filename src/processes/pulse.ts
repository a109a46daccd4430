/**
 * Shows the supervisor that this process' event loop runs. Before the first job of an idle process begins, and then every
 * two seconds until it is idle again: an idle worker costs nothing, and a job that blocks is missed.
 */

import { clearInterval, setInterval } from 'node:timers';
import type { Report } from '../supervisor/messages.js';

const PULSE_MS = 2000;

export interface PulseOptions {
  /** The supervisor has limits to watch, on time or memory: pulses never end. */
  readonly always: boolean;
  readonly running: () => number;
  readonly tell: (report: Extract<Report, { kind: 'pulse' }>) => void;
}

export class Pulse {
  readonly #options: PulseOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
    if (options.always) this.#start(0);
  }

  /** A job is about to run; nothing of it has. Cheap: called for each. */
  begin(): void {
    if (this.#timer === undefined) this.#start(1);
  }

  /** Says how many jobs run now: the supervisor has asked for their end, and tells how many it waits for. */
  now(): void {
    this.#tell(this.#options.running());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Told at once, and heard although the job may block this process in its first line. */
  #start(running: number): void {
    this.#timer = setInterval(() => this.#beat(), PULSE_MS);
    this.#tell(running);
  }

  #beat(): void {
    const running = this.#options.running();
    if (running === 0 && !this.#options.always) this.stop();
    this.#tell(running);
  }

  #tell(running: number): void {
    const rssMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
    this.#options.tell({ kind: 'pulse', rssMb, running, more: this.#timer !== undefined });
  }
}
