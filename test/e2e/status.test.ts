/** `tsworker status` of running workers: our daemon and a real node-resque worker on one Redis. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import NodeResque from 'node-resque';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { childrenOf, projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { fakeIo } from '../support/io.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ port: true });
});
afterAll(() => redis.stop());

/** A command in this process: a new one each time would cost most of the time. */
async function ask(line: string): Promise<string> {
  const io = fakeIo({ cwd: tempDir('cwd') });
  const code = await main(line.split(' '), { REDIS_URL: redis.uri }, io);
  expect({ line, code, err: io.texts.err }).toEqual({ line, code: 0, err: '' });
  return io.texts.out;
}

const askJson = async (line: string) => JSON.parse(await ask(`${line} -json`));
const askLines = async (line: string) =>
  (await ask(`${line} -json`))
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));

interface NodeWorker {
  readonly name: string;
  release(): void;
  end(): Promise<void>;
}

/** A worker as node-resque's README has it: `NodeHold` waits until it is released, `NodeFails` fails. */
async function startNodeWorker(): Promise<NodeWorker> {
  let release = () => {};
  const held = new Promise<string>((resolve) => {
    release = () => resolve('done');
  });
  const jobs = {
    NodeHold: { perform: () => held },
    NodeFails: {
      perform: async () => {
        throw new TypeError('node says no');
      },
    },
  };
  const connection = { pkg: 'ioredis', host: '127.0.0.1', port: redis.port, namespace: 'resque' };
  const worker = new NodeResque.Worker(
    { connection, queues: ['node'], name: `node1:${process.pid}`, timeout: 20 },
    jobs,
  );
  worker.on('error', () => {});
  await worker.connect();
  await worker.start();
  return { name: `node1:${process.pid}`, release: () => release(), end: () => worker.end() };
}

test('status, workers and failed show our workers and those of node-resque rightly', async () => {
  const folder = writeJobs(tempDir('jobs'), {
    'jobs.ts': `
      import { existsSync } from 'node:fs';
      export async function Hold() { while (!existsSync('released')) await new Promise((resolve) => setTimeout(resolve, 20)); }
      export function Fails(queue: string, n: number) { throw new RangeError('ours says no to ' + n); }`,
  });
  const daemon = runCli([`-uri=${redis.uri}`, `-jobs=${folder}`, '-queues=ours', '-concurrency=3', '-label=web1.ts'], {
    cwd: folder,
  });
  const node = await startNodeWorker();
  await redis.client.sAdd('resque:queues', ['ours', 'node', 'nobody']);
  await redis.client.rPush('resque:queue:ours', [
    '{"class":"Fails","args":[1]}',
    '{"class":"Hold","args":[12345678901234567890]}',
  ]);
  await redis.client.rPush('resque:queue:node', [
    '{"class":"NodeFails","args":[]}',
    '{"class":"NodeHold","args":["a"]}',
  ]);
  await redis.client.rPush('resque:queue:nobody', '{"class":"X","args":[]}');
  await until(
    async () => (await askJson('status')).running.length === 2 && (await redis.client.lLen('resque:failed')) === 2,
  );

  expect(await askJson('status')).toMatchObject({
    paused: false,
    processed: 0,
    failed: 2,
    queues: [
      { name: 'nobody', size: 1, workers: 0 },
      { name: 'node', size: 0, workers: 1 },
      { name: 'ours', size: 0, workers: 3 },
    ],
    workers: { total: 4, working: 2, idle: 2, lost: 0 },
    hosts: [
      { host: 'node1', workers: 1, working: 1 },
      { host: 'web1.ts', workers: 3, working: 1 },
    ],
  });
  const { running, failures } = await askJson('status');
  const byClass = (a: { class: string }, b: { class: string }) => (a.class < b.class ? -1 : 1);
  expect(running.sort(byClass)).toMatchObject([
    { class: 'Hold', queue: 'ours', host: 'web1.ts', worker: expect.stringMatching(/^web1\.ts:\d+-[012]:ours$/) },
    { class: 'NodeHold', queue: 'node', worker: `${node.name}:node`, forSeconds: expect.any(Number) },
  ]);
  expect(failures.groups.sort(byClass)).toMatchObject([
    { class: 'Fails', count: 1, exception: 'RangeError', error: 'ours says no to 1' },
    { class: 'NodeFails', count: 1, exception: 'TypeError', error: 'node says no' },
  ]);

  const table = await ask('workers -slots');
  expect(table).toMatch(/^node1:\d+ +working +\d+s +node +NodeHold +"a" +\d+s ago +0 +1 +node$/m);
  expect(table).toMatch(
    /^web1\.ts:\d+-[012] +working +\d+s +ours +Hold +12345678901234567890 +\d+s ago +0 +\d +ours$/m,
  );
  expect(table).toContain('\n4 workers\n');
  expect(await askJson(`workers show ${node.name}`)).toMatchObject({
    startedAt: expect.any(String),
    failed: 1,
    job: { class: 'NodeHold' },
  });

  const failed = (await askLines('failed')) as { class: string }[];
  expect(failed.sort(byClass)).toMatchObject([
    { class: 'Fails', queue: 'ours', exception: 'RangeError', payload: { args: [1] } },
    { class: 'NodeFails', queue: 'node', exception: 'TypeError', worker: node.name },
  ]);

  node.release();
  writeJobs(folder, { released: '' });
  await until(async () => (await askJson('status')).processed === 2);
  const idle = (await askLines('workers')) as { state: string; processed: number }[];
  expect(idle.map(({ state }) => state)).toEqual(Array(4).fill('idle'));
  expect(idle.reduce((sum, { processed }) => sum + processed, 0)).toBe(2);
  await node.end();
  daemon.signal('SIGTERM');
  expect((await daemon.exit()).code).toBe(0);
  expect(await ask('workers')).toMatch(/^there is no worker in namespace resque:/);
});

test('a pause stops the daemon from taking jobs, and resume lets it go on at once', async () => {
  await redis.client.flushAll();
  const folder = writeJobs(tempDir('jobs'), { 'jobs.ts': 'export const Nothing = () => {};' });
  await ask('pause');
  const daemon = runCli([`-uri=${redis.uri}`, `-jobs=${folder}`, '-queues=q', '-interval=3600']);
  await daemon.waitForLog('tsworker started');
  await redis.client.sAdd('resque:queues', 'q');
  await redis.client.rPush('resque:queue:q', ['{"class":"Nothing","args":[]}', '{"class":"Nothing","args":[]}']);
  expect(await askJson('status')).toMatchObject({ paused: true, processed: 0, queues: [{ size: 2 }] });
  await ask('resume');
  await until(async () => (await askJson('status')).processed === 2);
  daemon.signal('SIGTERM');
  await daemon.exit();
});

test('-watch takes a real terminal, and gives it back when it is ended', async () => {
  await redis.client.flushAll();
  // util-linux' script runs it on a pseudo-terminal; its own input is a pipe, so no key can be pressed here.
  const command = `stty rows 20 cols 60; exec ${process.execPath} bin/tsworker.js status -watch -every=0.05 -uri=${redis.uri}`;
  const watching = run('script', ['-qec', command, '/dev/null'], { cwd: projectRoot });
  await until(() => watching.stdout.split('processed (').length > 3, { what: 'it has redrawn, with rates' });
  process.kill(childrenOf(watching.pid)[0], 'SIGTERM');
  expect(await watching.exit()).toMatchObject({ code: 0 });
  expect(watching.stdout.startsWith('\u001b[?1049h')).toBe(true);
  expect(watching.stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

test('a job that blocks its process, and a pause by USR2, are seen from outside', async () => {
  await redis.client.flushAll();
  const folder = writeJobs(tempDir('jobs'), {
    'jobs.ts': `
      import { existsSync } from 'node:fs';
      export function Block() { while (!existsSync('unblocked')); }`,
  });
  const flags = ['-queues=q', '-concurrency=3', '-heartbeat=1', '-prune-after=100'];
  const daemon = runCli([`-uri=${redis.uri}`, `-jobs=${folder}`, ...flags], { cwd: folder });
  await until(async () => (await redis.client.sCard('resque:workers')) === 3);
  await redis.client.rPush('resque:queue:q', ['{"class":"Block","args":[]}']);
  const seen = await until(async () => {
    const { workers, processes } = await askJson('status');
    return processes.some((one: { blockedSeconds: number | null }) => one.blockedSeconds !== null) && workers;
  });
  expect(seen).toMatchObject({ total: 3, working: 1, idle: 0, blocked: 2 });
  expect(await ask('status')).toMatch(/^\S+:\d+ +blocked for \d+s: a job holds its event loop +1 +3$/m);
  expect(await ask('workers')).toMatch(/^\S+:\d+ +blocked for \d+s/m);
  writeFileSync(join(folder, 'unblocked'), '');
  await until(async () => (await askJson('status')).workers.idle === 3);
  daemon.signal('SIGUSR2');
  await until(async () => (await askJson('status')).workers.paused === 3);
  expect(await ask('status')).toContain('paused   no, but for 1 process paused by a signal or an order');
  daemon.signal('SIGTERM');
  expect((await daemon.exit()).code).toBe(0);
});
