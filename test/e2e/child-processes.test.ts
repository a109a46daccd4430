/** What a child process may do to its supervisor, and what the system may do to both. */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, type TestContext, test } from 'vitest';
import { type CliRun, childrenOf, writeJobs } from '../support/cli.js';
import { leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'j.mjs': `
      export const Say = () => {};
      export const Sleep = (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));
      export const Send = (queue, messages, times) => {
        for (let n = 0; n < times; n++) for (const message of messages) process.send(message);
      };
    `,
  });
});
const scene = (context: TestContext) => startScene(context, jobs, ['-interval=3600', '-concurrency=2']);

const died = (run: CliRun) =>
  run.waitForLog((line) => String(line.msg).startsWith('a child process died'), { what: 'a death is told' });

async function killChild(run: CliRun): Promise<void> {
  const [victim] = childrenOf(run.pid);
  process.kill(victim, 'SIGKILL');
  await died(run);
}

async function stop(run: CliRun): Promise<void> {
  run.signal('SIGTERM');
  expect((await run.exit()).code, run.output).toBe(0);
}

const ENDED = { kind: 'ended', exitCode: 0, processed: 0, failed: 0, requeued: 0 };
const envelope = (body: unknown) => ({ tsworker: 'guessed', version: '0.1.0', body });

test.concurrent.for([
  ['a word', ['ready'], 1],
  ['null', [null], 1],
  ['numbers, lists, flags', [0, -1, [], [1], true, ''], 1],
  ['what looks like a last word', [ENDED, { kind: 'refused', code: 'JOBS', message: 'no', hint: 'no' }], 1],
  ['what looks like ours, wrapped as ours', [envelope(ENDED), envelope(null), { tsworker: 1 }], 1],
  ['limits and counts', [{ kind: 'ready', limitMs: 1, classes: 7 }, { kind: 'counts', counts: null }, { kind: 7 }], 1],
  ['a flood', ['x', ENDED], 50_000],
] as const)(
  "what a job or a library sends its parent is nobody's message: %s",
  async ([, messages, times], context) => {
    const { redis, start, push, counted } = await scene(context);
    const run = start();
    await run.waitForLog('tsworker started');
    await push('Send', messages, times);
    await counted({ processed: 1 });
    // Dies without a last word: it must be replaced.
    await killChild(run);
    await push('Say');
    await counted({ processed: 2 });
    await stop(run);
    expect(await leftoverKeys(redis.client)).toEqual([]);
  },
);

/** As a process that ran out of file descriptors; undefined gives them back. */
function limitFiles(pid: number, most: number | undefined): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most ?? 1024}:`]);
}

const refusedStart = (run: CliRun) => run.logs.filter((line) => String(line.msg).includes('could not be started'));

test('a child that cannot be started is tried again until it can', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start();
  await run.waitForLog('tsworker started');
  limitFiles(run.pid, 4);
  await killChild(run);
  await until(() => refusedStart(run).length >= 2, { what: 'a second try' });
  limitFiles(run.pid, undefined);
  await push('Say');
  await counted({ processed: 1 });
  await stop(run);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('a stop ends at once while a child cannot be started', async (context) => {
  const { redis, start } = await scene(context);
  const run = start();
  await run.waitForLog('tsworker started');
  limitFiles(run.pid, 4);
  await killChild(run);
  await until(() => refusedStart(run).length >= 2, { what: 'a second try' });
  limitFiles(run.pid, undefined);
  run.signal('SIGTERM');
  await run.exit();
  expect(await leftoverKeys(redis.client)).toEqual([]);
});
