/** A private Redis for the demo: on a unix socket in a fresh temp folder, with nothing kept. Never the user's own. */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TsworkerError } from '../errors.js';
import { endChild, spawnGuarded } from './guard.js';

export interface PrivateRedis {
  readonly uri: string;
  /** What was started, with its version: `Redis server v=7.0.15`. */
  readonly version: string;
  /** Ends it and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

const START_MS = 10_000;

export async function startPrivateRedis(): Promise<PrivateRedis> {
  const { command, version } = await findServer();
  const dir = await mkdtemp(join(tmpdir(), 'tsworker-demo-'));
  const socket = join(dir, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', dir];
  args.push('--save', '', '--appendonly', 'no', '--daemonize', 'no', '--logfile', '');
  const child = spawnGuarded(command, args, { cwd: dir, env: process.env });
  const stop = async () => {
    await endChild(child, 3000);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(child, command);
  } catch (error) {
    await stop();
    throw error;
  }
  return { uri: `unix://${socket}`, version, stop };
}

async function findServer(): Promise<{ command: string; version: string }> {
  for (const command of ['redis-server', 'valkey-server']) {
    try {
      const { stdout } = await promisify(execFile)(command, ['--version']);
      return { command, version: stdout.split(' sha=')[0].trim() };
    } catch {
      // Not installed: the next one.
    }
  }
  throw new TsworkerError('REDIS', 'the demo needs redis-server or valkey-server on PATH, and found neither', {
    hint:
      'install it: apt-get install redis-server, dnf install redis, apk add redis or brew install redis ' +
      '(in a checkout, bin/setup does that)',
  });
}

/** Resolves when the server says so itself; rejects with its output when it ends instead. */
function untilReady(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what: string) => {
      clearTimeout(timer);
      reject(new TsworkerError('REDIS', `${command} ${what}: ${output.trim().split('\n').slice(-3).join(' | ')}`));
    };
    const timer = setTimeout(() => fail('did not get ready in time'), START_MS);
    const read = (data: Buffer) => {
      output = `${output}${data}`.slice(-10_000);
      if (!/ready to accept connections/i.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`left with ${code ?? signal}`));
  });
}
