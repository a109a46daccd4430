/**
 * Redis accepts no heartbeat for longer than -prune-after, and then it does again: the first daemon that sends one must
 * not prune the others, which are alive and could not show it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { type CliRun, childrenOf, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys, pushJob, untilCounted } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** On a busy machine a beat may come late, too. */
const PRUNE_AFTER_S = 4;
const LONGER_MS = (PRUNE_AFTER_S + 1) * 1000;
const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
const JOBS = 6;

/** Jobs that note that they have begun, and end when they are told to. */
function heldJobs() {
  const dir = tempDir('jobs');
  const [begun, gate] = [join(dir, 'begun.txt'), join(dir, 'gate')];
  const jobs = writeJobs(join(dir, 'jobs'), {
    'held.mjs': `
      import { appendFileSync, existsSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      export const Held = async (queue, n) => {
        appendFileSync(${JSON.stringify(begun)}, n + '\\n');
        while (!existsSync(${JSON.stringify(gate)})) await sleep(20);
      };
    `,
  });
  return {
    jobs,
    begun: () => (existsSync(begun) ? readFileSync(begun, 'utf8').trim().split('\n').sort() : []),
    open: () => writeFileSync(gate, ''),
  };
}

async function longerThanPruneAfter(): Promise<void> {
  const from = performance.now();
  await until(() => performance.now() - from > LONGER_MS);
}

async function scene(context: TestContext) {
  const redis = await startRedis({ args: PERSISTENT });
  context.onTestFinished(() => redis.stop());
  const held = heldJobs();
  const start = (...flags: string[]) =>
    runCli(
      [
        `-uri=${redis.uri}`,
        `-jobs=${held.jobs}`,
        ...['-queues=q', '-concurrency=2', '-heartbeat=0.5', `-prune-after=${PRUNE_AFTER_S}`, '-interval=0.5'],
        ...flags,
      ],
      context,
    );
  const runs = [start('-connections=1'), start('-connections=1'), start()];
  for (let n = 0; n < JOBS; n++) await pushJob(redis.client, 'Held', n);
  await until(() => held.begun().length === JOBS, { timeoutMs: 40_000 });
  return { redis, held, runs, start };
}

/** Everybody beats again, and has for longer than -prune-after. */
async function allBeatAgain(redis: TestRedis): Promise<void> {
  const beats = async () => Object.entries(await redis.client.hGetAll('resque:workers:heartbeat'));
  const before = new Map(await beats());
  await until(async () => {
    const now = await beats();
    return now.length >= before.size && now.every(([id, beat]) => beat !== before.get(id));
  });
  await longerThanPruneAfter();
}

async function expectEachOnce(redis: TestRedis, held: ReturnType<typeof heldJobs>, runs: readonly CliRun[]) {
  expect(held.begun()).toEqual(Array.from({ length: JOBS }, (_, n) => String(n)));
  const pruned = runs.flatMap(({ logs }) => logs.filter(({ msg }) => msg === 'pruned a dead worker'));
  expect(pruned).toEqual([]);
  expect(await redis.client.exists('resque:tsworker:suspects')).toBe(0);
  held.open();
  await untilCounted(redis.client, { processed: JOBS });
  for (const run of runs) run.signal('SIGTERM');
  for (const run of runs) expect((await run.exit()).code, run.output).toBe(0);
  expect(await assertConserved(redis.client, JOBS)).toMatchObject({ processed: JOBS });
  expect(await leftoverKeys(redis.client)).toEqual([]);
}

describe.concurrent('jobs that run meanwhile run once, and no death is counted', () => {
  test.concurrent('Redis is killed and started again', async (context) => {
    const { redis, held, runs } = await scene(context);
    await redis.kill();
    await longerThanPruneAfter();
    await redis.start();
    await until(() => redis.client.isReady);
    await allBeatAgain(redis);
    await expectEachOnce(redis, held, runs);
  }, 100_000);

  test.concurrent('Redis is full, and somebody starts another daemon as soon as it is not', async (context) => {
    const { redis, held, runs, start } = await scene(context);
    await redis.client.configSet('maxmemory', '1');
    await longerThanPruneAfter();
    await redis.client.configSet('maxmemory', '0');
    const late = start();
    await allBeatAgain(redis);
    await expectEachOnce(redis, held, [...runs, late]);
  }, 100_000);

  test.concurrent('the daemons are suspended, all of them, and wake one after the other', async (context) => {
    const { redis, held, runs } = await scene(context);
    for (const run of runs) run.signal('SIGSTOP');
    await longerThanPruneAfter();
    for (const run of runs) {
      run.signal('SIGCONT');
      await beatsOf(redis, run);
    }
    await allBeatAgain(redis);
    await expectEachOnce(redis, held, runs);
  }, 100_000);
});

/** It, or a child of it, beats again. */
async function beatsOf(redis: TestRedis, run: CliRun): Promise<void> {
  const pids = new Set([run.pid, ...childrenOf(run.pid)].map(String));
  await until(async () => {
    const beats = Object.entries(await redis.client.hGetAll('resque:workers:heartbeat'));
    return beats.some(([id, beat]) => pids.has(/:(\d+)-/.exec(id)?.[1] ?? '') && Date.now() - Date.parse(beat) < 2000);
  });
}
