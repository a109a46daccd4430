/** HUP: the children are replaced one after the other, with the current job modules. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CliRun, childrenOf, type LogLine, projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, type JobCounts, leftoverKeys, pushJob, untilCounted } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const version = (n: number) => `
  import { existsSync } from 'node:fs';
  export const setup = ({ log }) => log.info('set up');
  export function Say() { this.log.info({ version: ${n} }, 'said'); }
  // Ends when the test makes the file.
  export const Hold = async (queue, file) => {
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
`;
const DONE = 'reload done: all child processes have loaded the job modules anew';

let redis: TestRedis;
let jobs: string;
/** What Hold waits for. */
let gate: string;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  jobs = writeJobs(tempDir('jobs'), { 'j.mjs': version(1) });
  gate = join(tempDir('gate'), 'open');
});

const release = () => writeFileSync(gate, '');
const rewrite = (text: string) => writeFileSync(join(jobs, 'j.mjs'), text);

async function start(...flags: string[]): Promise<CliRun> {
  const daemon = runCli([`-uri=${redis.uri}`, `-jobs=${jobs}`, '-queues=q', '-interval=3600', ...flags]);
  await daemon.waitForLog('tsworker started');
  const processes = Number(flags.find((flag) => flag.startsWith('-processes='))?.slice(-1) ?? 1);
  await until(() => daemon.logs.filter((line) => line.msg === 'set up').length === processes);
  return daemon;
}

const push = (name: string, ...args: unknown[]) => pushJob(redis.client, name, ...args);

const counted = (wanted: Partial<JobCounts>) => untilCounted(redis.client, wanted);

/** The versions that jobs said, in order. A line may come after what Redis shows. */
const said = (daemon: CliRun, versions: readonly number[]) =>
  until(() => {
    const seen = daemon.logs.filter((line) => line.msg === 'said').map((line) => line.version);
    return seen.join() === versions.join();
  });
const begins = (text: string) => (line: LogLine) => String(line.msg).startsWith(text);
const connections = async () =>
  String(await redis.client.sendCommand(['CLIENT', 'LIST'])).match(/name=tsworker/g)?.length ?? 0;

async function stop(daemon: CliRun): Promise<void> {
  daemon.signal('SIGTERM');
  expect((await daemon.exit()).code, daemon.output).toBe(0);
  expect(await leftoverKeys(redis.client)).toEqual([]);
}

test('new code comes in while running jobs end in peace, whatever the grace, and others start meanwhile', async () => {
  const daemon = await start('-processes=2', '-concurrency=4', '-grace=0.2');
  const before = childrenOf(daemon.pid);
  // Four: both children have some.
  for (let n = 0; n < 4; n++) await push('Hold', gate);
  await counted({ claimed: 4 });
  rewrite(version(2));
  daemon.signal('SIGHUP');
  // The old ones are full: only a new child can do this one, and it does so while they work on.
  await push('Say');
  await counted({ processed: 1, claimed: 4 });
  await said(daemon, [2]);
  // Asked for again meanwhile: not forgotten, done when the first is through.
  rewrite(version(3));
  daemon.signal('SIGHUP');
  release();
  await until(() => daemon.logs.filter(begins(DONE)).length === 2);
  await until(() => childrenOf(daemon.pid).length === 2);
  expect(childrenOf(daemon.pid).filter((pid) => before.includes(pid))).toEqual([]);
  expect(childrenOf(daemon.pid)).toHaveLength(2);
  for (let n = 0; n < 4; n++) await push('Say');
  await counted({ processed: 9 });
  await said(daemon, [2, 3, 3, 3, 3]);
  await stop(daemon);
  expect(await assertConserved(redis.client, 9)).toMatchObject({ processed: 9, failed: 0 });
});

test('a long job in each process keeps none of them on the old code', async () => {
  const daemon = await start('-processes=2', '-concurrency=2');
  const old = childrenOf(daemon.pid);
  await push('Hold', gate);
  await push('Hold', gate);
  await counted({ claimed: 2 });
  rewrite(version(2));
  daemon.signal('SIGHUP');
  const { msg } = await daemon.waitForLog(begins(DONE));
  for (const pid of old) expect(msg).toContain(`pid ${pid}: 1 running job`);
  expect(childrenOf(daemon.pid)).toEqual(expect.arrayContaining(old));
  for (let n = 0; n < 4; n++) await push('Say');
  await counted({ processed: 4, claimed: 2 });
  await said(daemon, [2, 2, 2, 2]);
  release();
  await until(() => childrenOf(daemon.pid).every((pid) => !old.includes(pid)));
  await stop(daemon);
  expect(await assertConserved(redis.client, 6)).toMatchObject({ processed: 6 });
});

test.each([
  ['one to spare', '-connections=4', 1],
  ['none to spare', '-connections=3', 0],
])(
  'connections with %s: what a reload waits for is told, also when it is asked for again',
  async (_, limit, replaced) => {
    const daemon = await start('-processes=2', '-concurrency=2', limit);
    const old = childrenOf(daemon.pid);
    await push('Hold', gate);
    await push('Hold', gate);
    await counted({ claimed: 2 });
    daemon.signal('SIGHUP');
    const waits = new RegExp(`^reload: ${replaced} of 2 replaced, waiting for pid (\\d+): 1 running job$`);
    const { msg } = await daemon.waitForLog((line) => waits.test(String(line.msg)));
    expect(old).toContain(Number(waits.exec(String(msg))?.[1]));
    daemon.signal('SIGHUP');
    await daemon.waitForLog(`another reload was requested and begins after this one: ${msg?.slice('reload: '.length)}`);
    release();
    await until(() => daemon.logs.filter(begins(DONE)).length === 2);
    await stop(daemon);
    expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  },
);

test('new code that does not load changes nothing; put right, it is loaded at the next', async () => {
  const daemon = await start('-processes=2', '-concurrency=2');
  const before = childrenOf(daemon.pid);
  rewrite('export const Say = ;');
  daemon.signal('SIGHUP');
  await daemon.waitForLog(begins('reload given up'));
  expect(daemon.logs.find(begins('a child process cannot start'))).toMatchObject({
    problem: expect.stringContaining('j.mjs'),
  });
  expect(childrenOf(daemon.pid).sort()).toEqual(before.sort());
  await push('Say');
  await counted({ processed: 1 });
  await said(daemon, [1]);
  rewrite(version(2));
  daemon.signal('SIGHUP');
  await daemon.waitForLog(begins(DONE));
  await push('Say');
  await counted({ processed: 2 });
  await said(daemon, [1, 2]);
  await stop(daemon);
});

test('a limit on connections holds: the old child ends before the new one begins', async () => {
  // One job at a time: what comes meanwhile is for the next child.
  const daemon = await start('-connections=2', '-concurrency=1');
  let most = 0;
  await push('Hold', gate);
  await counted({ claimed: 1 });
  rewrite(version(2));
  daemon.signal('SIGHUP');
  await push('Say');
  await daemon.waitForLog(begins('reload: replacing'));
  release();
  await until(async () => {
    most = Math.max(most, await connections());
    return daemon.logs.some(begins(DONE));
  });
  expect(most).toBe(2);
  await counted({ processed: 2 });
  await said(daemon, [2]);
  // Broken now: the place stays empty, but the daemon does not end, and tries again by itself or when told.
  rewrite('export const Say = ;');
  daemon.signal('SIGHUP');
  await daemon.waitForLog(begins('reload given up'));
  await until(() => daemon.logs.filter(begins('a child process cannot start')).length > 2);
  rewrite(version(3));
  daemon.signal('SIGHUP');
  await push('Say');
  await counted({ processed: 3 });
  await said(daemon, [2, 3]);
  await stop(daemon);
});

test('with one connection there is nobody to replace: it says so and works on', async () => {
  const daemon = await start('-connections=1');
  daemon.signal('SIGHUP');
  await daemon.waitForLog(begins('HUP: with -connections=1'));
  await push('Say');
  await counted({ processed: 1 });
  await stop(daemon);
});

test('a stop while an old child ends its jobs is a first stop: they end in peace', async () => {
  const daemon = await start();
  await push('Hold', gate);
  await counted({ claimed: 1 });
  daemon.signal('SIGHUP');
  const [old] = childrenOf(daemon.pid);
  await until(async () => (await redis.client.sCard('resque:workers')) === 50);
  // It has retired for longer than two signals count as one.
  const { time } = await daemon.waitForLog(begins('a new child process works;'));
  await until(() => Date.now() - Date.parse(time) > 1100);
  expect(childrenOf(daemon.pid)).toContain(old);
  daemon.signal('SIGTERM');
  await until(() => childrenOf(daemon.pid).length === 1);
  release();
  expect((await daemon.exit()).code, daemon.output).toBe(0);
  expect(daemon.stdout).not.toContain('cancelling');
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
});

test('a pause holds for children that come later', async () => {
  const daemon = await start('-concurrency=2');
  daemon.signal('SIGUSR2');
  await daemon.waitForLog(begins('paused by SIGUSR2'));
  daemon.signal('SIGHUP');
  await daemon.waitForLog(begins(DONE));
  await until(() => childrenOf(daemon.pid).length === 1);
  const [child] = childrenOf(daemon.pid);
  process.kill(child, 'SIGKILL');
  await until(() => childrenOf(daemon.pid).some((pid) => pid !== child));
  await push('Say');
  await until(
    async () => (await redis.client.sMembers('resque:workers')).filter((id) => !id.includes(`:${child}-`)).length === 2,
  );
  daemon.signal('SIGCONT');
  await daemon.waitForLog('resumed by SIGCONT');
  await counted({ processed: 1 });
  const at = (text: string) => daemon.logs.findIndex(begins(text));
  expect(at('resumed by SIGCONT')).toBeLessThan(at('said'));
  await stop(daemon);
});

test('on a terminal HUP means that it has gone: the daemon ends', async () => {
  const bin = join(projectRoot, 'bin/tsworker.js');
  const command = `${process.execPath} ${bin} -uri=${redis.uri} -jobs=${jobs} -queues=q -concurrency=2`;
  const terminal = run('script', ['-qec', `exec ${command}`, '/dev/null']);
  await until(() => terminal.stdout.includes('tsworker started'));
  await push('Hold', gate);
  await counted({ claimed: 1 });
  const [daemon] = childrenOf(terminal.pid);
  process.kill(daemon, 'SIGHUP');
  await terminal.exit();
  // Its child has nowhere to log to any more, and ends its job all the same.
  release();
  await counted({ processed: 1 });
  await until(async () => (await redis.client.sCard('resque:workers')) === 0);
});
