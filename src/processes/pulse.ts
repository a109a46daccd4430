/**
 * Shows the supervisor that the event loop of this process runs: before the first job of an idle process begins, then
 * every two seconds until it is idle again. So an idle worker costs nothing, and a blocking job is noticed.
 */

import { clearInterval, setInterval } from 'node:timers';
import type { Report } from '../supervisor/messages.js';

const PULSE_MS = 2000;

export interface PulseOptions {
  /** The supervisor watches time or memory limits: pulses are also sent while idle. */
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

  /** A job is about to run. Called for each job, so it must be cheap. */
  begin(): void {
    if (this.#timer === undefined) this.#start(1);
  }

  /** Reports how many jobs run now, for the supervisor's log at shutdown. */
  now(): void {
    this.#tell(this.#options.running());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Sent before the job runs: it arrives even if the first line of the job blocks this process. */
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
