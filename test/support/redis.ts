/**
 * A real Redis for one test file: its own process on a unix socket (and a free TCP port where asked for) in a temp
 * folder. Flush it between tests. It can be stopped, killed, restarted and frozen like the real thing.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createServer, connect as openSocket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@redis/client';
import { reaped, tempDir } from './reaper.js';
import { until, within } from './until.js';

export interface RedisOptions {
  /** More arguments for redis-server: `['--appendonly', 'yes']`. Later ones win over ours. */
  readonly args?: readonly string[];
  /** Also listen on a free port of 127.0.0.1; `uri` then names it. */
  readonly port?: boolean;
  readonly dir?: string;
  readonly password?: string;
}

function makeClient(path: string, password: string | undefined) {
  const client = createClient({
    socket: { path, reconnectStrategy: 25 },
    ...(password === undefined ? {} : { password }),
  });
  // Redis is killed and frozen on purpose here; without a listener each outage would end the test process.
  client.on('error', () => {});
  return client;
}

export type TestClient = ReturnType<typeof makeClient>;

/** `redis-server`, or `valkey-server` where only that is installed. */
function serverCommand(): string {
  for (const command of ['redis-server', 'valkey-server']) {
    try {
      execFileSync(command, ['--version'], { stdio: 'ignore' });
      return command;
    } catch {}
  }
  throw new Error('neither redis-server nor valkey-server is on PATH: run bin/setup');
}

/**
 * A free port, below the ephemeral range of the system: an outgoing connection could take one of those before the
 * server does, or while it is restarted. Never 6379, which belongs to the user.
 */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!free) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether a PING over a new connection is answered; a server that requires a login counts as up. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket({ path });
    const end = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1000, () => end(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(data.toString('latin1'))));
    socket.on('error', () => end(false));
  });
}

export class TestRedis {
  readonly uri: string;
  readonly socketPath: string;
  readonly port: number | undefined;
  readonly dir: string;
  readonly client: TestClient;
  readonly #options: RedisOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(dir: string, port: number | undefined, options: RedisOptions) {
    this.dir = dir;
    this.port = port;
    this.#options = options;
    this.socketPath = join(dir, 'redis.sock');
    const login = options.password === undefined ? '' : `:${options.password}@`;
    this.uri = port === undefined ? `unix://${login}${this.socketPath}` : `redis://${login}127.0.0.1:${port}/`;
    this.client = makeClient(this.socketPath, options.password);
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('this Redis is not running');
    return this.#child.pid;
  }

  /** Starts the server (again) and waits until it answers; data is only kept if `args` made it persistent. */
  async start(): Promise<void> {
    const child = reaped(spawn(serverCommand(), this.#args(), { stdio: ['ignore', 'pipe', 'pipe'] }));
    this.#child = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => this.#collect(data));
    // A server that has ended also ends the wait, so that its message is shown.
    await until(async () => child.exitCode !== null || (await answers(this.socketPath)), {
      what: 'redis-server answers',
    });
    if (child.exitCode !== null) throw new Error(`redis-server left with ${child.exitCode}:\n${this.#output}`);
  }

  /** Runs redis-cli against this server. @returns its output, without the last line break */
  async cli(...args: string[]): Promise<string> {
    const login = this.#options.password === undefined ? [] : ['--no-auth-warning', '-a', this.#options.password];
    const { stdout } = await promisify(execFile)('redis-cli', ['-s', this.socketPath, ...login, ...args]);
    return stdout.trimEnd();
  }

  /** Shuts the server down (it saves according to `args`) and closes the client. */
  async stop(): Promise<void> {
    if (this.client.isOpen) this.client.destroy();
    await this.#end('SIGTERM');
  }

  /** Like a crash. The client stays and reconnects after `start()`. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#end(signal);
    await this.start();
    await until(() => this.client.isReady, { what: 'the test client is connected again' });
  }

  /** Freezes the process: connections stay open, nothing is answered. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  #args(): string[] {
    const { args = [], password } = this.#options;
    const own = ['--save', '', '--appendonly', 'no', '--unixsocket', this.socketPath, '--dir', this.dir];
    own.push('--port', String(this.port ?? 0), '--bind', '127.0.0.1', '--daemonize', 'no', '--logfile', '');
    if (password !== undefined) own.push('--requirepass', password);
    return [...own, ...args];
  }

  #collect(data: Buffer): void {
    this.#output = `${this.#output}${data}`.slice(-20_000);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await within(gone, 10_000, 'redis-server to end');
  }
}

export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const redis = new TestRedis(options.dir ?? tempDir('redis'), options.port ? await freePort() : undefined, options);
  await redis.start();
  await redis.client.connect();
  return redis;
}
