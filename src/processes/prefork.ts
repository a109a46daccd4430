/**
 * Child processes before anybody has a use for them: started as soon as it is known how many there will be, they load
 * what they need side by side with the supervisor. Knows the file that they run, and nothing of what they say.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { withoutSystemd } from './systemd.js';

export class Forks {
  readonly #file: URL;
  readonly #early: ChildProcess[];

  /** Starts `count` processes now. Without an order each waits, and leaves when we do. */
  constructor(file: URL, count: number) {
    this.#file = file;
    this.#early = Array.from({ length: count }, () => this.#forkEarly()).flat();
  }

  /** One that was started before and is alive, else a fresh one. It has not been told anything yet. */
  next(): ChildProcess {
    for (let early = this.#early.shift(); early !== undefined; early = this.#early.shift())
      if (early.pid !== undefined && early.exitCode === null && early.signalCode === null) return early;
    return this.#fork();
  }

  /** Lets those leave that nobody had a use for. */
  close(): void {
    for (const one of this.#early.splice(0)) if (one.connected) one.disconnect();
  }

  /** Where there is no memory for it, Node throws: whoever needs the process hears of that. */
  #forkEarly(): ChildProcess[] {
    try {
      return [this.#fork()];
    } catch {
      return [];
    }
  }

  #fork(): ChildProcess {
    // Structured clones instead of JSON: flags of job modules may be anything.
    const env = withoutSystemd(process.env) as NodeJS.ProcessEnv;
    return fork(this.#file, { serialization: 'advanced', env }).on('error', () => {});
  }
}
