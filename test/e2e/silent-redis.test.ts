/** A Redis that accepts connections and does not answer: every command ends, and reports why. */
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { type CliRun, runCli, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { type Stranger, startStranger } from '../support/strangers.js';
import { until } from '../support/until.js';

const MODES = [
  ['supervised', []],
  ['one process', ['-connections=1']],
] as const;

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'j.mjs': 'export const Sleep = (_queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));',
  });
});

async function silent(context: TestContext): Promise<Stranger> {
  const one = await startStranger();
  context.onTestFinished(() => one.close());
  return one;
}

async function ownRedis(context: TestContext): Promise<TestRedis> {
  const redis = await startRedis();
  context.onTestFinished(async () => {
    redis.resume();
    await redis.stop();
  });
  return redis;
}

function worker(context: TestContext, uri: string, ...flags: readonly string[]): CliRun {
  return runCli([`-uri=${uri}`, `-jobs=${jobs}`, '-queues=q', '-log-level=info', ...flags], context);
}

describe.each(MODES)('%s', (_, mode) => {
  test.concurrent('a worker does not start, and says why', async (context) => {
    const { uri } = await silent(context);
    const run = worker(context, uri, ...mode);
    expect((await run.exit(40_000)).code).toBe(1);
    expect(run.stderr).toMatch(
      /^tsworker: Redis at redis:\S+ accepts connections but does not answer; is it frozen.*\n$/,
    );
  }, 45_000);

  test.concurrent('TERM ends a worker that waits for Redis to answer', async (context) => {
    const { uri } = await silent(context);
    const run = worker(context, uri, ...mode);
    await run.waitForLog((line) => String(line.msg).startsWith('waiting for Redis at '));
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(1);
    // Not the end of its own patience.
    expect(run.stderr).toMatch(/^tsworker: stopped before Redis at redis:\S+ answered\n$/);
  });

  test.concurrent('TERM ends a worker whose Redis froze while its job ran', async (context) => {
    const redis = await ownRedis(context);
    const run = worker(context, redis.uri, '-grace=0.5', ...mode);
    await run.waitForLog('tsworker started');
    await redis.client.rPush('resque:queue:q', '{"class":"Sleep","args":[60000]}');
    await until(async () => (await redis.client.keys('resque:worker:*:q')).length === 1);
    redis.pause();
    run.signal('SIGTERM');
    expect((await run.exit(40_000)).code).toBe(1);
  }, 45_000);
});

test.concurrent('a command ends, and says why', async (context) => {
  const { uri } = await silent(context);
  const runs = ['status', 'check', 'queues'].map((command) => runCli([command, `-uri=${uri}`], context));
  for (const run of runs) {
    expect((await run.exit(20_000)).code).toBe(1);
    expect(run.output).toMatch(/Redis at redis:\S+ accepts connections but does not answer/);
  }
}, 30_000);
