/** The processes of the demo: a private Redis and a worker. They end with the demo, also if it is killed. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TsworkerError } from '../../../errors.js';
import { PACKAGE_FOLDER } from '../../../package-files.js';
import { connect } from '../../../redis/connect.js';
import type { Connection } from '../../../redis/connection.js';

const root = fileURLToPath(PACKAGE_FOLDER);

/**
 * Runs the command in a process group of its own, so that Ctrl-C reaches only the demo, which then ends its children in
 * the right order. The watcher beside it reads a pipe that only the demo holds open; the shell becomes the command, so
 * `$$` is its pid.
 */
const GUARDED = 'exec 3<&0; { cat <&3 >/dev/null; kill "$$"; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

interface StartOptions {
  readonly keep: boolean;
  /** Its temporary folder, which contains no configuration file. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

function start(command: string, args: readonly string[], { keep, ...options }: StartOptions): ChildProcess {
  if (keep) {
    const child = spawn(command, args, { ...options, stdio: 'ignore', detached: true });
    child.unref();
    return child;
  }
  const child = spawn('sh', ['-c', GUARDED, 'sh', command, ...args], { ...options, stdio: 'pipe', detached: true });
  child.stdin?.on('error', () => {});
  return child;
}

/** Sends SIGTERM, then SIGKILL if it does not end in time; returns when it has ended. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }
  child.stdin?.destroy();
}

export interface PrivateRedis {
  readonly uri: string;
  /** `Redis server v=7.0.15` */
  readonly version: string;
  readonly connection: Connection;
  /** Closes the connection, and ends the server unless it is to be kept. */
  stop(): Promise<void>;
}

/** Listens on a unix socket in a new temporary folder; saves nothing. */
export async function startRedis(keep: boolean): Promise<PrivateRedis> {
  const { command, version } = await findServer();
  const dir = await mkdtemp(join(tmpdir(), 'tsworker-demo-'));
  const [uri, log] = [`unix://${join(dir, 'redis')}`, join(dir, 'log')];
  const args = ['--port', '0', '--unixsocket', pathOf(uri), '--unixsocketperm', '700', '--dir', dir];
  args.push('--save', '', '--appendonly', 'no', '--daemonize', 'no', '--logfile', log);
  const child = start(command, args, { keep, cwd: dir });
  const remove = async () => {
    await end(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const connection = await connect({ uri, name: 'tsworker-demo', silenceMs: 0 }, uri);
    const stop = async () => {
      await connection.close();
      if (!keep) await remove();
    };
    return { uri, version, connection, stop };
  } catch (cause) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await remove();
    const last = said.trim().split('\n').at(-1);
    throw new TsworkerError('REDIS', `${command} does not start: ${last}`, { cause });
  }
}

export function pathOf(uri: string): string {
  return uri.slice('unix://'.length);
}

async function findServer(): Promise<{ command: string; version: string }> {
  for (const command of ['redis-server', 'valkey-server']) {
    const found = await promisify(execFile)(command, ['--version']).catch(() => undefined);
    if (found !== undefined) return { command, version: found.stdout.split(' sha=')[0].trim() };
  }
  throw new TsworkerError('REDIS', 'the demo needs redis-server or valkey-server on PATH, and found neither', {
    hint:
      'install it: apt-get install redis-server, dnf install redis, apk add redis or brew install redis ' +
      '(in a checkout, bin/setup does that)',
  });
}

/** A line of the worker's JSON log, with the fields that the jobs of the demo add. */
export interface LogLine {
  readonly msg: string;
  readonly pid: number;
  readonly waitMs?: number;
  readonly path?: string;
}

export interface DemoWorker {
  /** Its log so far. */
  readonly lines: readonly LogLine[];
  /** Set when it has ended, with its last output. */
  readonly ended: string | undefined;
  stop(): Promise<void>;
}

/** The command line of a normal user, without the user's own settings. */
export function cli(flags: readonly string[], uri: string): { args: string[]; env: NodeJS.ProcessEnv; cwd: string } {
  const env = Object.entries(process.env).filter(([name]) => !/^(TSWORKER_|REDIS_)/.test(name));
  const args = [`${root}bin/tsworker.js`, ...flags, `-uri=${uri}`];
  return { args, env: Object.fromEntries(env), cwd: dirname(pathOf(uri)) };
}

export function startWorker(flags: readonly string[], uri: string): DemoWorker {
  const { args, ...options } = cli([...flags, `-jobs=${root}jobs`, '-log-level=info', '-log-format=json'], uri);
  const child = start(process.execPath, args, { keep: false, ...options });
  const lines: LogLine[] = [];
  const other: string[] = [];
  const read = (line: string) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line) as LogLine);
    else if (line.trim() !== '') other.push(line);
  };
  for (const input of [child.stdout, child.stderr]) if (input) createInterface({ input }).on('line', read);
  const worker = { lines, ended: undefined as string | undefined, stop: () => end(child) };
  const ended = (why: string) => {
    worker.ended = [`the worker ended: ${why}`, ...other.slice(-3)].join('; ');
  };
  child.once('error', (error) => ended(error.message));
  child.once('close', (code, signal) => ended(String(code ?? signal)));
  return worker;
}
