/** Processes that are killed by their jobs, and one that continues after it was declared dead. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { SCRIPTS } from '../../src/resque/scripts/index.js';
import { writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { startProxy } from '../support/proxy.js';
import { tempDir } from '../support/reaper.js';
import { type Scene, startScene } from '../support/scene.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.mjs': `
      import { setTimeout as sleep } from 'node:timers/promises';
      export const Sleep = (queue, ms) => sleep(ms);
      export const Kill = () => process.kill(process.pid, 'SIGKILL');
    `,
  });
});
const scene = (context: TestContext) => startScene(context, jobs, ['-interval=0.5']);

/** 200 innocent jobs of 50 ms, each another payload, and a pill among them. */
async function pushPill({ redis }: Scene): Promise<void> {
  const all = Array.from({ length: 200 }, (_, n) => JSON.stringify({ class: 'Sleep', args: [50, n] }));
  all.splice(60, 0, JSON.stringify({ class: 'Kill', args: [] }));
  await redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', all).exec();
}

interface Entry {
  readonly exception: string;
  readonly error: string;
  readonly payload: { readonly class: string };
}

/** The pill is in `failed` for what it is, and every other job is counted. */
async function expectPillFailed({ redis }: Scene): Promise<readonly Entry[]> {
  const counts = await assertConserved(redis.client, 201);
  expect(counts.processed + counts.failed).toBe(201);
  const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((text) => JSON.parse(text) as Entry);
  expect(entries.filter(({ payload }) => payload.class === 'Kill')).toMatchObject([
    {
      exception: 'PoisonPillError',
      error: expect.stringMatching(
        /3 processes died within 72 hours.* \((pid \d+ SIGKILL \(signal 9\)|it died|its process is gone)\)$/,
      ),
    },
  ]);
  return entries;
}

describe.concurrent('a poison pill among 200 innocent jobs', () => {
  test.concurrent('one process, which somebody starts again', async (context) => {
    const here = await scene(context);
    await pushPill(here);
    let deaths = 0;
    for (;;) {
      const run = here.start('-connections=1', '-exit-on-complete');
      const { signal } = await run.exit(20_000);
      if (signal !== 'SIGKILL') break;
      deaths++;
    }
    expect(deaths).toBe(3);
    await expectPillFailed(here);
  }, 60_000);

  test.concurrent('a supervisor with two children', async (context) => {
    const here = await scene(context);
    await pushPill(here);
    const run = here.start('-processes=2', '-exit-on-complete');
    await run.exit(30_000);
    const entries = await expectPillFailed(here);
    // What merely ran beside it is done.
    expect(entries).toMatchObject([{ error: expect.stringContaining('in quarantine, where it ran alone') }]);
    expect(await leftoverKeys(here.redis.client)).toEqual(['resque:failed']);
    expect(run.logs.filter((line) => String(line.msg).startsWith('poison pill'))).toHaveLength(1);
  }, 60_000);
});

test.concurrent('a job whose quarantine child is killed before it has begun is no poison pill, and runs at last', async (context) => {
  const { redis, start, counted } = await scene(context);
  const proxy = await startProxy(redis);
  // Else the first call is only told that Redis does not know the script.
  await redis.client.scriptLoad(SCRIPTS.ackAndClaim.text);
  const payload = '{"class":"Sleep","args":[1]}';
  const sha = createHash('sha1').update(payload).digest('hex');
  const now = Math.floor(Date.now() / 1000);
  await redis.client.hSet('resque:tsworker:suspects', sha, `${now}/a@elsewhere:1 ${now}/b@elsewhere:2`);
  await redis.client.sAdd('resque:tsworker:quarantine', 'q');
  await redis.client.rPush('resque:tsworker:quarantine:q', payload);
  // A recovery names a record, which has a payload.
  const claim = () =>
    proxy.holdReply(
      (request) =>
        request.includes('tsworker:quarantine:q') && request.includes('"run_at"') && !request.includes('"payload"'),
    );
  let held = claim();
  const run = start('-concurrency=2', `-uri=${proxy.uri}`, '-exit-on-complete');
  for (let kills = 0; kills < 3; kills++) {
    await held;
    await counted({ claimed: 1 });
    const [pid] = await quarantineChild(redis);
    if (kills < 2) held = claim();
    process.kill(pid, 'SIGKILL');
  }
  expect((await run.exit(30_000)).code).toBe(0);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1, failed: 0 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
  expect(await redis.client.exists('resque:tsworker:suspects')).toBe(0);
  await proxy.close();
}, 60_000);

/** The pid of the worker that has a job. */
async function quarantineChild({ client }: Scene['redis']): Promise<number[]> {
  const ids = await client.sMembers('resque:workers');
  const held = await client.mGet(ids.map((id) => `resque:worker:${id}`));
  return ids.filter((_, i) => held[i] !== null).map((id) => Number(/:(\d+)-/.exec(id)?.[1]));
}

test.concurrent('stopped for longer than -prune-after beside a live one, it counts nothing twice and registers anew', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const intervals = ['-connections=1', '-heartbeat=0.2', '-prune-after=1'];
  const frozen = start(...intervals);
  await push('Sleep', 300);
  await push('Sleep', 301);
  await counted({ claimed: 2 });
  frozen.signal('SIGSTOP');
  const live = start(...intervals);
  await counted({ processed: 2 });
  expect(await redis.client.sCard('resque:workers')).toBe(25);
  frozen.signal('SIGCONT');
  await frozen.waitForLog((line) => String(line.msg).includes('result discarded'));
  await until(async () => (await redis.client.sCard('resque:workers')) === 50);
  expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  live.signal('SIGTERM');
  expect((await live.exit()).code).toBe(0);
  // It works as before.
  await push('Sleep', 1);
  await counted({ processed: 3 });
  frozen.signal('SIGTERM');
  expect((await frozen.exit()).code).toBe(0);
  expect(await assertConserved(redis.client, 3)).toMatchObject({ processed: 3 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
});
