/** One tsworker daemon as real processes, a supervisor and its children, that can be broken in every way and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reaped } from '../../support/reaper.js';
import { projectRoot } from '../../support/root.js';
import { until, within } from '../../support/until.js';

export interface DaemonOptions {
  /** The program; tsworker unless told. */
  readonly file?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output is added to this file. */
  readonly log: string;
}

const BIN = join(projectRoot, 'bin/tsworker.js');

export class Daemon {
  /** How often it was started. */
  starts = 0;
  readonly #options: DaemonOptions;
  #supervisor: ChildProcess | undefined;
  #kept = false;
  /** The process groups of all its lives: a killed supervisor leaves children behind. */
  #groups: number[] = [];

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** Starts it, and starts it again as often as it ends by whatever cause, until `stop` or `destroy`. */
  keep(): this {
    this.#kept = true;
    this.#start();
    return this;
  }

  get alive(): boolean {
    const child = this.#supervisor;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get supervisor(): number {
    return this.#supervisor?.pid ?? 0;
  }

  children(): number[] {
    return this.alive ? childrenOf(this.supervisor) : [];
  }

  /** The supervisor first. */
  processes(): number[] {
    return this.alive ? [this.supervisor, ...this.children()] : [];
  }

  signal(name: NodeJS.Signals, pids: readonly number[] = [this.supervisor]): void {
    for (const pid of pids) send(pid, name);
  }

  /** TERM; it is not started again. The exit code, or undefined where it had to be killed. */
  async stop(timeoutMs = 20_000): Promise<number | undefined> {
    this.#kept = false;
    const child = this.#supervisor;
    if (child === undefined || !this.alive) return child?.exitCode ?? undefined;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return (await within(gone, timeoutMs, 'the daemon to end').catch(() => undefined)) ?? undefined;
  }

  /** Waits until children that lost their supervisor have left. */
  async left(timeoutMs = 20_000): Promise<void> {
    await until(() => this.#living().length === 0, { timeoutMs, what: 'every process has left' });
  }

  /** Whatever is left of all its lives is killed. */
  destroy(): void {
    this.#kept = false;
    for (const group of this.#living()) for (const name of ['SIGCONT', 'SIGKILL'] as const) send(-group, name);
  }

  #living(): number[] {
    this.#groups = this.#groups.filter((group) => send(-group, 0));
    return this.#groups;
  }

  #start(): void {
    const { file = BIN, args, env, log } = this.#options;
    const out = openSync(log, 'a');
    const child = reaped(
      spawn(process.execPath, [file, ...args], {
        detached: true,
        // Elsewhere the configuration file of this repository would be found.
        cwd: tmpdir(),
        env: { ...cleanEnv(), ...env },
        stdio: ['ignore', out, out],
      }),
    );
    closeSync(out);
    this.starts += 1;
    this.#supervisor = child;
    if (child.pid !== undefined) this.#groups = [...this.#living(), child.pid];
    child.once('exit', () => {
      // A moment later where it cannot start at all: not thousands of times.
      if (this.#kept) setTimeout(() => this.#kept && this.#start(), 20);
    });
  }
}

/** The developer's environment without what would change a run. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const foreign = /^(TSWORKER_|REDIS_|NODE_ENV$|NODE_OPTIONS$|VITEST|FORCE_COLOR$|CI$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))), NO_COLOR: '1' };
}

export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** @returns whether there was such a process */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== 0 && process.kill(pid, signal);
  } catch {
    return false;
  }
}
