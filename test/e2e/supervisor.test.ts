/** One supervisor and its children: deaths, blocks, memory, and its own end. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { type CliRun, childrenOf, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'j.mjs': `
      export const Sleep = (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));
      export const Block = (queue, ms) => { const end = Date.now() + ms; while (Date.now() < end); };
      export const DieOnce = async function (queue, key) {
        const { existsSync, writeFileSync } = await import('node:fs');
        if (existsSync(key)) return;
        writeFileSync(key, '');
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      };
      const kept = [];
      export const Fill = (queue, mb) => { kept.push(Buffer.alloc(mb * 2 ** 20, 1)); };
      export const Exit = (queue, code) => process.exit(code);
      export const Die = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); };
    `,
  });
});
const scene = (context: TestContext) => startScene(context, jobs, ['-interval=3600']);

async function stop(run: CliRun): Promise<void> {
  run.signal('SIGTERM');
  expect((await run.exit()).code, run.output).toBe(0);
}

test.concurrent('the concurrency is shared out among the children, each with workers of its own', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-processes=2', '-concurrency=5');
  await until(async () => (await redis.client.sCard('resque:workers')) === 5);
  await run.waitForLog('tsworker started');
  const pids = (await redis.client.sMembers('resque:workers')).map((id) => Number(id.split(':')[1].split('-')[0]));
  expect([...new Set(pids)].sort()).toEqual(childrenOf(run.pid).sort());
  expect(run.logs.filter((line) => line.msg === 'tsworker started')).toHaveLength(1);
  for (let n = 0; n < 5; n++) await push('Sleep', 2000);
  await counted({ claimed: 5 });
  await counted({ processed: 5 });
  expect(
    ((await redis.client.sendCommand(['CLIENT', 'LIST'])) as unknown as string).match(/name=tsworker/g),
  ).toHaveLength(3);
  await stop(run);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test.concurrent('a child that is killed is replaced, and its jobs run again at once', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-concurrency=3');
  await run.waitForLog('tsworker started');
  await push('Sleep', 1000);
  await push('Sleep', 1000);
  await counted({ claimed: 2 });
  const [victim] = childrenOf(run.pid);
  process.kill(victim, 'SIGKILL');
  await run.waitForLog((line) => String(line.msg).startsWith('a child process died'));
  await counted({ processed: 2 });
  expect(childrenOf(run.pid)).not.toContain(victim);
  await stop(run);
  await assertConserved(redis.client, 2);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test.concurrent('keys of ours that another program has written keep no child from being replaced, and the log names them', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-concurrency=3', '-heartbeat=0.1');
  await run.waitForLog('tsworker started');
  const wrong = ['resque:tsworker:processes', 'resque:tsworker:machines', 'resque:pruning_dead_workers_in_progress'];
  for (const key of wrong) {
    await redis.client.multi().del(key).rPush(key, 'x').exec();
    await run.waitForLog(({ problem }) => String(problem).includes(key));
  }
  await push('Sleep', 500);
  await counted({ claimed: 1 });
  process.kill(childrenOf(run.pid)[0], 'SIGKILL');
  await counted({ processed: 1 });
  await stop(run);
  // Whether another process lives, which needs `beats`, nobody can tell.
  expect(await leftoverKeys(redis.client)).toEqual([...wrong, 'resque:tsworker:beats'].sort());
});

test.concurrent('a job that kills its child once is done at the second try, beside others', async (context) => {
  const { redis, start, push } = await scene(context);
  const run = start('-processes=2', '-exit-on-complete');
  await push('DieOnce', `${tempDir('once')}/mark`);
  for (let n = 0; n < 20; n++) await push('Sleep', 50);
  expect((await run.exit()).code).toBe(0);
  expect(await assertConserved(redis.client, 21)).toMatchObject({ processed: 21 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test.concurrent('a child that blocks stops neither heartbeats nor the other child', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-processes=2', '-concurrency=2', '-heartbeat=0.1', '-prune-after=1');
  await run.waitForLog('tsworker started');
  await push('Block', 3000);
  await counted({ claimed: 1 });
  for (let n = 0; n < 10; n++) await push('Sleep', 10);
  await counted({ claimed: 1, processed: 10 });
  await counted({ processed: 11 });
  await stop(run);
  await assertConserved(redis.client, 11);
});

test.concurrent('a blocked child is killed when the grace is over, and its jobs are put back', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-grace=0.3');
  await push('Block', 60_000);
  await counted({ claimed: 1 });
  run.signal('SIGTERM');
  expect((await run.exit()).code).toBe(1);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ queued: 1 });
  expect(await leftoverKeys(redis.client)).toEqual(['resque:queue:q']);
});

test.concurrent('a job that blocks its child beyond every limit: the child is replaced, and the job fails', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-timeout=0.5', '-concurrency=2');
  await run.waitForLog('tsworker started');
  await push('Block', 60_000);
  await counted({ failed: 1 });
  const [entry] = await redis.client.lRange('resque:failed', 0, -1);
  expect(JSON.parse(entry)).toMatchObject({ exception: 'TimeoutError', payload: { class: 'Block' } });
  await push('Sleep', 1);
  await counted({ processed: 1 });
  await stop(run);
  await assertConserved(redis.client, 2);
});

test.concurrent('a job that leaves the process, with -on-dead=fail: the entry says how the process ended', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-concurrency=2', '-on-dead=fail');
  await run.waitForLog('tsworker started');
  await push('Exit', 3);
  await counted({ failed: 1 });
  await push('Die');
  await counted({ failed: 2 });
  const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((text) => JSON.parse(text));
  expect(entries.map(({ exception, error }) => [exception, error])).toEqual([
    ['Resque::DirtyExit', expect.stringMatching(/^Child process ended in the middle of the job: pid \d+ exit 1$/)],
    [
      'Resque::DirtyExit',
      expect.stringMatching(/^Child process received unhandled signal pid \d+ SIGKILL \(signal 9\)$/),
    ],
  ]);
  await stop(run);
});

test.concurrent('signals to the whole group, as a terminal and systemd send them, are one stop', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-concurrency=2');
  await run.waitForLog('tsworker started');
  await push('Sleep', 500);
  await counted({ claimed: 1 });
  for (const pid of [run.pid, ...childrenOf(run.pid)]) process.kill(pid, 'SIGINT');
  expect((await run.exit()).code).toBe(0);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
});

test.concurrent('when the supervisor is killed, its children end their jobs and leave in order', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-processes=2', '-heartbeat=0.2', '-prune-after=2');
  await run.waitForLog('tsworker started');
  await push('Sleep', 3500);
  await push('Sleep', 100);
  await counted({ claimed: 2 });
  const children = childrenOf(run.pid);
  process.kill(run.pid, 'SIGKILL');
  // Longer than -prune-after: the orphan has to beat by itself meanwhile.
  await until(async () => (await redis.client.sCard('resque:workers')) === 0, { timeoutMs: 15_000 });
  expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  await until(() => children.every((pid) => !alive(pid)));
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test.concurrent('a child above -max-rss ends its jobs and is replaced', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-max-rss=300', '-concurrency=2');
  await run.waitForLog('tsworker started');
  const [first] = childrenOf(run.pid);
  await push('Fill', 400);
  await until(() => childrenOf(run.pid).some((pid) => pid !== first) && !childrenOf(run.pid).includes(first));
  await push('Sleep', 1);
  await counted({ processed: 2 });
  await stop(run);
  await assertConserved(redis.client, 2);
});

test.concurrent('children that die too often: the supervisor gives up with 1 and says why', async (context) => {
  const { redis, startWith } = await scene(context);
  const dir = writeJobs(tempDir('jobs'), {
    'j.mjs': 'export const J = () => {}; setTimeout(() => process.kill(process.pid, "SIGKILL"), 20);',
  });
  const run = startWith(dir, '-processes=5');
  expect((await run.exit(30_000)).code).toBe(1);
  expect(run.stdout).toContain('giving up');
  await until(async () => (await redis.client.sCard('resque:workers')) === 0);
}, 40_000);

describe.concurrent('wrong from the start', () => {
  test.concurrent('too few connections: refused, with the number that would do', async (context) => {
    const { start } = await scene(context);
    const run = start('-processes=3', '-connections=2');
    expect((await run.exit()).code).toBe(2);
    expect(run.stderr).toMatch(/^tsworker: -connections \(2\) is too low for 3 processes; give 4 .*\n$/);
  });

  test.concurrent('with one connection everything runs in one process, and a warning says what that costs', async (context) => {
    const { redis, start, push } = await scene(context);
    const run = start('-connections=1', '-exit-on-complete');
    await push('Sleep', 1);
    expect((await run.exit()).code).toBe(0);
    expect(run.stdout).toContain('heartbeats share the event loop');
    expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
  });

  test.concurrent('a job module that does not load: one line, exit code 1', async (context) => {
    const { redis, startWith } = await scene(context);
    const dir = writeJobs(tempDir('jobs'), { 'broken.mjs': 'export const J = 1;\nthrow new Error("no luck");' });
    const run = startWith(dir, '-processes=2');
    expect((await run.exit()).code).toBe(1);
    expect(run.stderr).toMatch(/^tsworker: .*broken\.mjs.*no luck.*\n$/);
    await until(async () => (await redis.client.sCard('resque:workers')) === 0);
  });
});
