/**
 * The daemon on production set-ups of Redis: behind Sentinels, in a Cluster, with replicas that must have every claim,
 * under the smallest ACL, with client certificates. Each test has its own servers.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { slotOf } from '../../src/redis/slot.js';
import { SMALLEST_ACL } from '../support/acl.js';
import { type CliRun, projectRoot, runCli, writeJobs } from '../support/cli.js';
import { startCluster } from '../support/cluster.js';
import { assertConserved, countJobs, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { freePort, startRedis, type TestClient } from '../support/redis.js';
import { inSync, startReplicated, startSentinels } from '../support/topology.js';
import { until } from '../support/until.js';

const FIXTURES = join(projectRoot, 'test/fixtures/tls');
const NAMESPACE = '{resque}:';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'j.ts': `import { appendFileSync } from 'node:fs';
      import { enqueue } from 'tsworker';
      export async function Note(queue: string, n: number, ms: number) {
        appendFileSync(process.env.NOTES ?? '', n + '\\n');
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
      export const More = () => enqueue({ queue: 'q', class: 'Note', args: [1, 0] });
      export function Fail() { throw new Error('on purpose'); }`,
  });
});

interface Daemon {
  readonly run: CliRun;
  /** The numbers of the jobs that ran, each as often as it did. */
  notes(): number[];
}

function start(context: TestContext, uri: string, ...flags: string[]): Daemon {
  const file = join(tempDir('notes'), 'notes');
  const args = [`-uri=${uri}`, `-jobs=${jobs}`, '-queues=q', `-namespace=${NAMESPACE}`, ...flags];
  const run = runCli(args, { ...context, env: { NOTES: file } });
  const notes = () => readFileSync(file, 'utf8').trim().split('\n').map(Number);
  return { run, notes };
}

async function push(client: TestClient, count: number, ms: number): Promise<void> {
  const payloads = Array.from({ length: count }, (_, n) => JSON.stringify({ class: 'Note', args: [n, ms] }));
  await client.multi().sAdd(`${NAMESPACE}queues`, 'q').rPush(`${NAMESPACE}queue:q`, payloads).exec();
}

const isOutage = (line: { msg?: string }) => String(line.msg).startsWith('Redis is unavailable');
const counts = (client: TestClient) => countJobs(client, NAMESPACE);

/** `tsworker status` finds the node that has the keys, as the daemon does. */
async function assertSeen(context: TestContext, uri: string, workers: number): Promise<void> {
  const args = ['status', '-json', `-uri=${uri}`, `-namespace=${NAMESPACE}`];
  const status = runCli(args, context);
  expect((await status.exit()).code, status.output).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ uri, workers: { total: workers, lost: 0 } });
}

/** Every job ran once, is counted once, and nothing else is there. */
async function assertDone({ run, notes }: Daemon, client: TestClient, count: number): Promise<void> {
  await until(async () => (await counts(client)).processed === count, { what: 'all jobs are done', timeoutMs: 40_000 });
  run.signal('SIGTERM');
  expect((await run.exit()).code).toBe(0);
  expect(await assertConserved(client, count, NAMESPACE)).toMatchObject({ processed: count });
  expect(notes().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
}

describe('a fail-over in the middle of work', () => {
  test.concurrent('Sentinel: the replica takes over, and every job runs exactly once', async (context) => {
    const group = await startSentinels();
    const daemon = start(context, group.uri, '-wait-replicas=1');
    await daemon.run.waitForLog('tsworker started');
    await assertSeen(context, group.uri, 25);
    await push(group.master.client, 500, 40);
    await until(async () => (await counts(group.master.client)).processed > 100);
    await group.master.kill();
    await daemon.run.waitForLog(isOutage);
    await until(async () => (await group.masterPort()) === group.replica.port, {
      what: 'the fail-over',
      timeoutMs: 40_000,
    });
    // As its service manager does it: the Sentinels make it a replica, and then there is one to wait for.
    await group.master.start();
    await daemon.run.waitForLog('Redis is back', { timeoutMs: 40_000 });
    await assertDone(daemon, group.replica.client, 500);
    await group.stop();
  }, 120_000);

  test.concurrent('Cluster: the owner of the slot is lost, and every job runs exactly once', async (context) => {
    const cluster = await startCluster(slotOf('resque'));
    const [owner] = cluster.masters;
    const daemon = start(context, cluster.uri, '-wait-replicas=1');
    await daemon.run.waitForLog('tsworker started');
    await assertSeen(context, cluster.uri, 25);
    await push(owner.client, 500, 40);
    await until(async () => (await counts(owner.client)).processed > 100);
    await owner.kill();
    await daemon.run.waitForLog(isOutage);
    await until(async () => (await cluster.ownerPort()) === cluster.replica.port, {
      what: 'the fail-over',
      timeoutMs: 40_000,
    });
    await owner.start();
    await daemon.run.waitForLog('Redis is back', { timeoutMs: 40_000 });
    await assertDone(daemon, cluster.replica.client, 500);
    await cluster.stop();
  }, 120_000);
});

test.concurrent('-wait-replicas: without a replica no job starts, and with it the work goes on', async (context) => {
  const pair = await startReplicated();
  const daemon = start(context, pair.master.uri, '-wait-replicas=1', '-wait-timeout=0.2', '-concurrency=5');
  await daemon.run.waitForLog('tsworker started');
  pair.replica.pause();
  await push(pair.master.client, 20, 1);
  const outage = await daemon.run.waitForLog(isOutage);
  expect(JSON.stringify(outage)).toContain('0 of 1 replicas answered within 200 ms (-wait-replicas)');
  expect(await counts(pair.master.client)).toMatchObject({ queued: 15, claimed: 5 });
  expect(daemon.notes).toThrow('ENOENT');
  pair.replica.resume();
  await daemon.run.waitForLog('Redis is back');
  await inSync(pair.replica);
  await assertDone(daemon, pair.master.client, 20);
  await pair.stop();
});

describe('the smallest ACL', () => {
  test.concurrent('is enough for everything a daemon does', async (context) => {
    const redis = await startRedis({ port: true });
    await redis.client.sendCommand(['ACL', 'SETUSER', 'worker', 'on', '>pw', `~${NAMESPACE}*`, ...SMALLEST_ACL]);
    const uri = redis.uri.replace('redis://', 'redis://worker:pw@');
    await deadWorker(redis.client);
    const { run } = start(context, uri, '-heartbeat=0.2', '-prune-after=2', '-force-prune', '-grace=0.2');
    await run.waitForLog('tsworker started');
    await redis.client.rPush(`${NAMESPACE}queue:q`, [
      '{"class":"More","args":[]}',
      '{"class":"Fail","args":[]}',
      'junk',
    ]);
    await until(async () => (await counts(redis.client)).processed === 2);
    await until(async () => (await counts(redis.client)).failed === 3);
    await redis.client.set(`${NAMESPACE}pause-all-workers`, 'true');
    await redis.client.rPush(`${NAMESPACE}queue:q`, '{"class":"Note","args":[1,60000]}');
    await redis.client.del(`${NAMESPACE}pause-all-workers`);
    await until(async () => (await counts(redis.client)).claimed === 1);
    run.signal('SIGTERM');
    await run.exit();
    expect(run.output).not.toContain('NOPERM');
    await assertConserved(redis.client, 6, NAMESPACE);
    expect(await leftoverKeys(redis.client, NAMESPACE)).toEqual([`${NAMESPACE}failed`, `${NAMESPACE}queue:q`]);
    await redis.stop();
  });

  test.concurrent('what is missing is named at start', async (context) => {
    const redis = await startRedis({ port: true });
    const acl = SMALLEST_ACL.filter((word) => word !== '+lpop' && word !== '+hscan');
    await redis.client.sendCommand(['ACL', 'SETUSER', 'worker', 'on', '>s3cret', `~${NAMESPACE}*`, ...acl]);
    await redis.client.sendCommand(['ACL', 'SETUSER', 'other', 'on', '>s3cret', '~resque:*', ...SMALLEST_ACL]);
    await redis.client.sendCommand(['ACL', 'SETUSER', 'mute', 'on', '>s3cret', '~*', '+ping', '+get']);
    for (const [user, message] of [
      ['worker', 'our user may not run lpop, hscan; ACL SETUSER <user> +lpop +hscan'],
      ['other', 'our user may not use the keys {resque}:*; ACL SETUSER <user> ~{resque}:*'],
      ['mute', 'our user may not run eval; ACL SETUSER <user> +eval'],
    ]) {
      const { run } = start(context, redis.uri.replace('redis://', `redis://${user}:s3cret@`));
      expect((await run.exit()).code).toBe(1);
      expect(run.stderr).toContain(message);
      expect(run.output).not.toContain('s3cret');
    }
    await redis.stop();
  });
});

/** A worker of Ruby's that died long ago with a job in hand. */
async function deadWorker(client: TestClient): Promise<void> {
  const id = 'gone:1:q';
  await client.sAdd(`${NAMESPACE}queues`, 'q');
  await client.sAdd(`${NAMESPACE}workers`, id);
  await client.set(
    `${NAMESPACE}worker:${id}`,
    '{"queue":"q","run_at":"2020-01-01T00:00:00Z","payload":{"class":"X","args":[]}}',
  );
}

test.concurrent('a client certificate is shown where the server asks for one', async (context) => {
  const port = await freePort();
  const file = (name: string) => join(FIXTURES, name);
  const tls = ['--tls-port', String(port), '--tls-auth-clients', 'yes', '--tls-ca-cert-file', file('ca.crt')];
  const own = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')];
  const secure = await startRedis({ args: [...tls, ...own] });
  const flags = [`-tls-cert=${file('ca.crt')}`, '-exit-on-complete'];
  const certificate = [`-tls-client-cert=${file('server.crt')}`, `-tls-client-key=${file('server.key')}`];
  const uri = `rediss://localhost:${port}/`;
  const known = start(context, uri, ...flags, ...certificate);
  expect((await known.run.exit()).code).toBe(0);
  const unknown = start(context, uri, ...flags);
  expect((await unknown.run.exit()).code).toBe(1);
  expect(unknown.run.stderr).toContain('-tls-client-cert');
  const half = start(context, uri, ...flags, certificate[0]);
  expect((await half.run.exit()).code).toBe(2);
  await secure.stop();
});

test.concurrent('a namespace without a hash tag is refused for a Cluster, before anything is asked', async (context) => {
  const { run } = start(context, 'redis+cluster://user:s3cret@127.0.0.1:1', '-namespace=resque:');
  expect((await run.exit()).code).toBe(2);
  expect(run.stderr).toMatch(
    /^tsworker: in a Redis Cluster the namespace needs a hash tag.*-namespace='\{resque\}:'.*\n/,
  );
  expect(run.output).not.toContain('s3cret');
});
