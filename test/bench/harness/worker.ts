/** A system's worker while it runs: one process, or several. Its output is kept for the message when something fails. */
import { type ChildProcess, spawn } from 'node:child_process';
import { reaped, tempDir } from '../../support/reaper.js';
import { until, within } from '../../support/until.js';
import type { System, WorkerSpec } from '../systems/system.js';
import { type Usage, usageOf } from './proc.js';

/** No configuration file is found there. */
let emptyFolder: string | undefined;

export class Worker {
  readonly #children: readonly ChildProcess[];
  readonly #ready = new Set<ChildProcess>();
  #output = '';

  constructor(system: System, spec: WorkerSpec, env: Readonly<Record<string, string>> = {}) {
    const { file, args, env: own } = system.command(spec);
    emptyFolder ??= tempDir('bench');
    const options = { cwd: emptyFolder, env: { ...cleanEnv(), ...own, ...env } };
    this.#children = Array.from({ length: system.copies }, () => this.#follow(spawn(file, args, options), system));
  }

  get ready(): boolean {
    return this.#ready.size === this.#children.length;
  }

  /** Throws when a process has ended by itself: waiting on would only hide its message. */
  check(): void {
    const ended = this.#ended();
    if (ended) throw new Error(`the worker left with ${ended.exitCode ?? ended.signalCode}: ${this.#output.trim()}`);
  }

  /** Waits until something holds; ends the wait with its message when the worker ends. */
  async until(what: string, holds: () => Promise<boolean>, timeoutMs: number, everyMs = 20): Promise<void> {
    await until(async () => this.#ended() !== undefined || (await holds()), { timeoutMs, everyMs, what });
    this.check();
  }

  usage(): Usage {
    return usageOf(this.#children.map((child) => child.pid ?? 0));
  }

  /** Ends it in order, or at once, and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const gone = this.#children.filter((child) => child.exitCode === null && child.signalCode === null).map(exited);
    for (const child of this.#children) child.kill(signal);
    try {
      await within(Promise.all(gone), 30_000, () => `the worker to end: ${this.#output}`);
    } finally {
      for (const child of this.#children) child.kill('SIGKILL');
    }
  }

  #ended(): ChildProcess | undefined {
    return this.#children.find((child) => child.exitCode !== null || child.signalCode !== null);
  }

  #follow(child: ChildProcess, system: System): ChildProcess {
    if (!system.announces) this.#ready.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => {
        const text = data.toString();
        if (/^ready$/m.test(text)) this.#ready.add(child);
        this.#output = `${this.#output}${text}`.slice(-2000);
      });
    child.once('error', (error) => {
      this.#output += error.message;
    });
    return reaped(child);
  }
}

function exited(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Nothing of the user's own settings reaches the systems. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(TSWORKER_|REDIS_|NODE_OPTIONS|QUEUES?$)/.test(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}
