/**
 * Starts child processes early, as soon as their number is known, so that they load their modules in parallel with the
 * supervisor. Knows the file that they run, not the messages.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { withoutSystemd } from './systemd.js';

export class Prefork {
  readonly #file: URL;
  readonly #early: ChildProcess[];

  /** Starts `count` processes now. Each waits for its start order, and exits when this process does. */
  constructor(file: URL, count: number) {
    this.#file = file;
    this.#early = Array.from({ length: count }, () => this.#forkEarly()).flat();
  }

  /** Returns a process without orders: one that was started early and is alive, else a new one. */
  next(): ChildProcess {
    for (let early = this.#early.shift(); early !== undefined; early = this.#early.shift())
      if (early.pid !== undefined && early.exitCode === null && early.signalCode === null) return early;
    return this.#fork();
  }

  /** Ends the processes that were not used. */
  close(): void {
    for (const one of this.#early.splice(0)) if (one.connected) one.disconnect();
  }

  /** Without memory Node throws. The error is ignored here: `next` tries again, and throws. */
  #forkEarly(): ChildProcess[] {
    try {
      return [this.#fork()];
    } catch {
      return [];
    }
  }

  #fork(): ChildProcess {
    // Structured clones instead of JSON: flags of job modules may have any type.
    const env = withoutSystemd(process.env) as NodeJS.ProcessEnv;
    return fork(this.#file, { serialization: 'advanced', env }).on('error', () => {});
  }
}
