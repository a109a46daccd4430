/**
 * Redis as several real processes: a master with a replica, and three Sentinels that watch them; a Cluster is in
 * cluster.ts. All on free ports of 127.0.0.1; short time-outs, so that a fail-over takes seconds.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reaped, tempDir } from './reaper.js';
import { freePort, startRedis, type TestRedis } from './redis.js';
import { until as untilSoon } from './until.js';

/** Several servers start at once, on a machine that may be busy. */
export const untilUp: typeof untilSoon = (condition, options = {}) =>
  untilSoon(condition, { timeoutMs: 20_000, ...options });

/** Runs redis-cli against a port. @returns its output */
export async function cliAt(port: number, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), ...args]);
  return stdout.trimEnd();
}

/** Of a server that was started with one. */
export const portOf = (redis: TestRedis): number => {
  if (redis.port === undefined) throw new Error('this Redis has no port');
  return redis.port;
};

const FAST = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1', '--repl-backlog-size', '16mb'];

export function startNode(args: readonly string[] = []): Promise<TestRedis> {
  return startRedis({ port: true, args: [...FAST, ...args] });
}

/** Waits until the replica has all data of its master. */
export async function inSync(replica: TestRedis): Promise<void> {
  await untilUp(async () => (await replica.client.info('replication')).includes('master_link_status:up'), {
    what: 'the replica is in sync',
  });
}

export interface MasterAndReplica {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  stop(): Promise<void>;
}

export async function startReplicated(): Promise<MasterAndReplica> {
  const master = await startNode();
  const replica = await startNode(['--replicaof', '127.0.0.1', String(portOf(master))]);
  await inSync(replica);
  return {
    master,
    replica,
    stop: async () => void (await Promise.all([master.stop(), replica.stop()])),
  };
}

export interface Sentinels extends MasterAndReplica {
  /** `redis+sentinel://…/mymaster`. */
  readonly uri: string;
  readonly ports: readonly number[];
  /** The address of the master according to the Sentinels. */
  masterPort(): Promise<number>;
}

export async function startSentinels(options: { readonly password?: string } = {}): Promise<Sentinels> {
  const pair = await startReplicated();
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(portOf(pair.master), options.password)));
  const ports = sentinels.map(({ port }) => port);
  const login = options.password === undefined ? [] : ['--no-auth-warning', '-a', options.password];
  for (const port of ports)
    await untilUp(async () => knowsAll(await cliAt(port, ...login, 'SENTINEL', 'MASTER', 'mymaster')), {
      what: 'the Sentinels know the replica and each other',
    });
  const masterPort = async () =>
    Number((await cliAt(ports[0], ...login, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')).split('\n')[1]);
  return {
    ...pair,
    uri: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/mymaster`,
    ports,
    masterPort,
    async stop() {
      await Promise.all([pair.stop(), ...sentinels.map(({ child }) => ended(child))]);
    },
  };
}

function knowsAll(printed: string): boolean {
  return /num-slaves\n1\n/.test(printed) && /num-other-sentinels\n2\n/.test(printed);
}

async function startSentinel(masterPort: number, password: string | undefined) {
  const port = await freePort();
  const file = join(tempDir('sentinel'), 'sentinel.conf');
  const monitor = [
    'monitor mymaster 127.0.0.1 %d 2',
    'down-after-milliseconds mymaster 500',
    'failover-timeout mymaster 3000',
  ];
  const lines = monitor.map((line) => `sentinel ${line.replace('%d', String(masterPort))}`);
  const secret = password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`];
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', ...lines, ...secret, ''].join('\n'));
  const child = reaped(spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' }));
  const login = password === undefined ? [] : ['--no-auth-warning', '-a', password];
  await untilUp(async () => (await cliAt(port, ...login, 'PING')) === 'PONG', { what: 'the Sentinel answers' });
  // What otherwise takes ten seconds (finding replicas, taking the old master back) takes one.
  const periods = ['INFO-PERIOD', '200', 'PUBLISH-PERIOD', '200', 'PING-PERIOD', '100', 'ASK-PERIOD', '100'];
  await cliAt(port, ...login, 'SENTINEL', 'DEBUG', ...periods);
  return { port, child };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
