/** The built CLI as a process: its output, its log, its exit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { reaped, tempDir } from './reaper.js';
import { until, within } from './until.js';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(projectRoot, 'bin/tsworker.js');

/** One line of the daemon's JSON log. */
export interface LogLine {
  readonly level: number;
  /** ISO 8601. */
  readonly time: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface CliOptions {
  /** Added to a clean environment: no TSWORKER_*, REDIS_* or colours of the developer's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: an empty temp folder, which contains no configuration file. */
  readonly cwd?: string;
  readonly input?: string;
  /** From the test's own context: a concurrent test must pass it, else the process may be killed with another test. */
  readonly onTestFinished?: (cleanUp: () => Promise<void>) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly what?: string;
}

export class CliRun {
  readonly exited: Promise<Exit>;
  readonly logs: LogLine[] = [];
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    const stdout = new LineReader((line) => this.#addLine(line));
    const stderr = new LineReader((line) => this.#addLine(line));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      stdout.push(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      stderr.push(text);
    });
    // 'close', not 'exit': by then everything it printed has been read.
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal });
      });
    });
    this.exited.catch(() => {});
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the CLI did not start');
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Both streams, for the message of an assertion that failed. */
  get output(): string {
    return `--- stdout\n${this.#stdout.slice(-4000)}\n--- stderr\n${this.#stderr.slice(-4000)}`;
  }

  /** The first log line, old or new, that the predicate (or this exact `msg`) accepts. */
  async waitForLog(wanted: string | ((line: LogLine) => boolean), options: WaitOptions = {}): Promise<LogLine> {
    const accepts = typeof wanted === 'string' ? (line: LogLine) => line.msg === wanted : wanted;
    const what = options.what ?? (typeof wanted === 'string' ? `the log line "${wanted}"` : wanted.toString());
    // Checked first: the line may have arrived with the last output of a process that has ended.
    const found = () => this.logs.find(accepts) ?? (this.#ended ? 'ended' : undefined);
    const line = await until(found, { ...options, what }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
    if (line === 'ended') throw new Error(`the CLI ended before ${what}\n${this.output}`);
    return line;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for the end, bounded; the message shows the output. */
  exit(timeoutMs = 15_000): Promise<Exit> {
    return within(this.exited, timeoutMs, () => `the CLI to end\n${this.output}`);
  }

  /** Like the loss of a machine: kills the process and all its descendants at once. */
  async kill(): Promise<void> {
    if (this.#ended || this.#child.pid === undefined) return;
    for (const pid of [this.#child.pid, ...childrenOf(this.#child.pid)])
      for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGCONT'] as const) sendTo(pid, signal);
    await this.exit();
  }

  #addLine(line: string): void {
    if (!line.startsWith('{')) return;
    try {
      const parsed: unknown = JSON.parse(line);
      if (isLogLine(parsed)) this.logs.push(parsed);
    } catch {}
  }
}

/** Pids of the children of a process. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && typeof (value as { level?: unknown }).level === 'number';
}

class LineReader {
  #rest = '';
  #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }
}

/** The developer's environment without variables that would change a run. */
export function cleanEnv(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const foreign = /^(TSWORKER_|REDIS_|NODE_ENV$|NODE_OPTIONS$|VITEST|FORCE_COLOR$|CI$)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...env };
}

/** Starts `node bin/tsworker.js …`; inside a test it is killed when that test ends, else with the test process. */
export function runCli(args: readonly string[], options: CliOptions = {}): CliRun {
  return run(process.execPath, [BIN, ...args], options);
}

/** The same for any other command. */
export function run(command: string, args: readonly string[], options: CliOptions = {}): CliRun {
  const child = spawn(command, args, {
    cwd: options.cwd ?? tempDir('cwd'),
    env: cleanEnv(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const cli = new CliRun(reaped(child));
  try {
    (options.onTestFinished ?? onTestFinished)(() => cli.kill());
  } catch {
    // Outside of a test (beforeAll): the caller kills it, or the reaper does.
  }
  return cli;
}

/** Writes files, by their path below `dir`, and returns the folder: `runCli(['-jobs', writeJobs(tempDir(), {…})])`. */
export function writeJobs(dir: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return dir;
}
