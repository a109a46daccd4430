/** Start, stop, pause and faults of the daemon as a process. */
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { type CliRun, writeJobs } from '../support/cli.js';
import { assertConserved, countJobs, leftoverKeys } from '../support/conservation.js';
import { UNSAFE } from '../support/hostile.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.ts': `
      import { setTimeout as sleep } from 'node:timers/promises';
      import { signals } from 'tsworker';
      export async function Sleep(queue: string, ms: number) { await sleep(ms); }
      export async function Polite(this: { signal: AbortSignal }) { await sleep(60_000, undefined, { signal: this.signal }); }
      export async function Stubborn() { await new Promise(() => setTimeout(() => {}, 60_000)); }
      export async function Fails(queue: string, what: string) { throw new RangeError('no ' + what); }
      export function ThrowsLater() { return new Promise(() => setTimeout(() => { throw new TypeError('later'); }, 5)); }
      export async function RejectsAside() { Promise.reject(new TypeError('aside')); await sleep(60_000); }
      export async function BreaksOutside() { (globalThis as any).breakIt(); await sleep(200); }
      export async function Block(queue: string, ms: number) { const end = Date.now() + ms; while (Date.now() < end); }
      export async function setup({ log, concurrency }: any) {
        log.info({ concurrency }, 'set up');
        const timer = setInterval(() => {}, 1000);
        (globalThis as any).breakIt = () => timer.unref();
        signals().addEventListener('abort', () => log.info('signals fired'));
        (globalThis as any).log = log;
        clearInterval(timer);
      }
      export function teardown() { (globalThis as any).log.info('torn down'); }
    `,
  });
});
const scene = (context: TestContext) => startScene(context, jobs, ['-interval=3600', '-log-level=debug']);

const started = (run: CliRun) => run.waitForLog('tsworker started');

test.concurrent('what never started is not said to have stopped', async (context) => {
  const { start } = await scene(context);
  for (const flags of [[], ['-connections=1']]) {
    const run = start('-jobs=/no/such/folder', ...flags);
    expect((await run.exit()).code, run.output).toBe(1);
    expect(run.stderr).toContain('does not exist');
    expect(run.output).not.toContain('tsworker stopped');
  }
});

describe.concurrent('stopping', () => {
  test.concurrent.for(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    '%s while idle: out at once with 0, and nothing is left behind',
    async (signal, context) => {
      const { redis, start } = await scene(context);
      const run = start();
      await started(run);
      await until(async () => (await redis.client.zCard('resque:tsworker:processes')) === 1);
      run.signal(signal);
      expect(await run.exit()).toEqual({ code: 0, signal: null });
      expect(await leftoverKeys(redis.client)).toEqual([]);
      // On a busy machine Redis may be slow to answer the first time.
      const said = run.logs.map((line) => String(line.msg)).filter((text) => !text.startsWith('waiting for Redis'));
      expect(said.slice(0, 2)).toEqual(['set up', 'tsworker started']);
      // Of two processes, which do not wait for each other.
      expect(said.slice(2, -1).sort()).toEqual(['shutting down', 'signals fired', 'torn down']);
      expect(said.at(-1)).toBe('tsworker stopped');
      expect(run.stderr).toBe('');
    },
  );

  test.concurrent('running jobs end, others stay in their queue, exit code 0', async (context) => {
    const { redis, start, push, counted } = await scene(context);
    const run = start('-concurrency=1');
    await push('Sleep', 300);
    await push('Sleep', 1);
    await counted({ claimed: 1 });
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(0);
    expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 1, queued: 1 });
  });

  test.concurrent('a failed job on the way out is still exit code 0', async (context) => {
    const { redis, start, push } = await scene(context);
    const run = start();
    await push('Fails', 'luck');
    await run.waitForLog('job failed');
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(0);
    expect(await assertConserved(redis.client, 1)).toMatchObject({ failed: 1 });
  });

  test.concurrent('repeats within a second count as one; a later one aborts the signals of the jobs, which go back', async (context) => {
    const { redis, start, push, counted } = await scene(context);
    const run = start();
    await push('Polite');
    await counted({ claimed: 1 });
    const first = Date.now();
    run.signal('SIGTERM');
    run.signal('SIGTERM');
    run.signal('SIGINT');
    await run.waitForLog((line) => String(line.msg).startsWith('shutting down: waiting for 1 running job ('));
    await until(() => Date.now() - first > 1100);
    expect(run.ended).toBe(false);
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(1);
    expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"Polite","args":[]}']);
    await assertConserved(redis.client, 1);
    expect(await redis.client.sCard('resque:workers')).toBe(0);
  });

  test.concurrent.for([['-processes=2'], ['-connections=1']])(
    'a stop says how many jobs it waits for, each line once: %s',
    async (flags, context) => {
      const { redis, start, push, counted } = await scene(context);
      const run = start('-concurrency=4', '-grace=3', ...flags);
      for (const name of ['Stubborn', 'Stubborn', 'Polite']) await push(name);
      await counted({ claimed: 3 });
      run.signal('SIGTERM');
      await run.waitForLog('shutting down: waiting for 3 running jobs for at most 3 s (a second signal stops them)');
      expect((await run.exit()).code).toBe(1);
      const said = run.logs.map((line) => String(line.msg));
      // A child knows the grace too: one of its jobs may have ended by then.
      expect(said).toContainEqual(expect.stringMatching(/^stopping now: cancelling [23] running jobs$/));
      const requeued = said.map((text) => /^(\d+) jobs? did not stop in time: requeued$/.exec(text)?.[1]);
      expect(requeued.reduce((sum, number = '0') => sum + Number(number), 0)).toBe(2);
      expect(said.filter((text) => /^(shutting|stopping|tsworker)/.test(text))).toHaveLength(4);
      await assertConserved(redis.client, 3);
    },
  );

  test.concurrent('when the grace is over the jobs are aborted, and those that do not end are put back', async (context) => {
    const { redis, start, push, counted } = await scene(context);
    const run = start('-grace=0.2');
    await push('Polite');
    await push('Stubborn');
    await push('Sleep', 50);
    await counted({ claimed: 3 });
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(1);
    expect(await assertConserved(redis.client, 3)).toMatchObject({ processed: 1, queued: 2 });
    expect(run.logs.map((line) => line.msg)).toContain('1 job did not stop in time: requeued');
    expect(await leftoverKeys(redis.client)).toEqual(['resque:queue:q']);
  });

  test.concurrent('a stop while Redis is not yet there is heard', async (context) => {
    const { start } = await scene(context);
    const run = start('-uri=redis://127.0.0.1:1/');
    await until(() => run.pid > 0);
    run.signal('SIGTERM');
    expect((await run.exit()).code).not.toBe(0);
  });
});

describe.concurrent('pausing', () => {
  test.concurrent('USR2 pauses and CONT resumes, and exit-on-complete waits meanwhile', async (context) => {
    const { redis, start, push, counted } = await scene(context);
    const run = start('-exit-on-complete', '-concurrency=1');
    await push('Sleep', 200);
    await counted({ claimed: 1 });
    run.signal('SIGUSR2');
    await run.waitForLog((line) => String(line.msg).startsWith('paused by SIGUSR2'));
    await push('Sleep', 1);
    await until(async () => (await countJobs(redis.client)).processed === 1);
    expect(await countJobs(redis.client)).toMatchObject({ queued: 1, claimed: 0 });
    expect(run.ended).toBe(false);
    run.signal('SIGCONT');
    expect((await run.exit()).code).toBe(0);
    await assertConserved(redis.client, 2);
  });

  test.concurrent('pause-all-workers is honoured', async (context) => {
    const { redis, start, push } = await scene(context);
    await redis.client.set('resque:pause-all-workers', ' True ');
    const run = start('-exit-on-complete');
    await run.waitForLog('paused by pause-all-workers');
    await push('Sleep', 1);
    await redis.client.del('resque:pause-all-workers');
    expect((await run.exit()).code).toBe(0);
    expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
  });
});

test.concurrent('TTIN tells what every busy slot is doing and since when', async (context) => {
  const { start, push, counted } = await scene(context);
  const run = start();
  await push('Sleep', 60_000);
  await counted({ claimed: 1 });
  run.signal('SIGTTIN');
  const line = await run.waitForLog('running');
  expect(line).toMatchObject({
    queue: 'q',
    class: 'Sleep',
    since: expect.any(String),
    worker: expect.stringMatching(/\.ts:\d+-0:q$/),
  });
});

describe.concurrent('faults in job code', () => {
  test.concurrent.for([
    ['ThrowsLater', 'later'],
    ['RejectsAside', 'aside'],
  ])('%s: the job fails with what nobody caught, the others go on', async ([name, message], context) => {
    const { redis, start, push } = await scene(context);
    const run = start('-exit-on-complete');
    await push(name);
    await push('Sleep', 100);
    expect((await run.exit()).code).toBe(0);
    expect(await assertConserved(redis.client, 2)).toMatchObject({ failed: 1, processed: 1 });
    const [entry] = await redis.client.lRange('resque:failed', 0, -1);
    expect(JSON.parse(entry)).toMatchObject({ exception: 'TypeError', error: message, payload: { class: name } });
  });

  test.concurrent('an error that belongs to no job stops the worker in order, with 1', async (context) => {
    const { redis, startWith, push } = await scene(context);
    const dir = writeJobs(tempDir('jobs'), {
      'j.mjs': `
        export function Sleep(queue, ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
        export function setup() { setTimeout(() => { throw new Error('of nobody'); }, 400); }
      `,
    });
    const run = startWith(dir);
    await push('Sleep', 700);
    expect((await run.exit()).code).toBe(1);
    expect(run.stdout).toContain('of nobody');
    expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
    expect(await redis.client.sCard('resque:workers')).toBe(0);
  });

  test.concurrent('a job that calls process.exit: never 0, and the log says what was held', async (context) => {
    const { redis, startWith, push } = await scene(context);
    const dir = writeJobs(tempDir('jobs'), { 'j.mjs': 'export const Leave = () => process.exit(0);' });
    const run = startWith(dir, '-connections=1');
    await push('Leave');
    expect((await run.exit()).code).toBe(1);
    expect(run.logs.at(-1)).toMatchObject({ level: 60, held: [{ queue: 'q', class: 'Leave' }] });
    await assertConserved(redis.client, 1);
  });

  test.concurrent('an unknown class fails in words, and the next job runs', async (context) => {
    const { redis, start, push } = await scene(context);
    const run = start('-exit-on-complete');
    for (const name of ['__proto__', 'constructor', 'toString', 'Nope']) await push(name, 1);
    await push('Sleep', 1);
    expect((await run.exit()).code).toBe(0);
    expect(await assertConserved(redis.client, 5)).toMatchObject({ failed: 4, processed: 1 });
    const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((entry) => JSON.parse(entry).error);
    expect(entries).toContain('No worker for constructor in queue q with args [1]');
  });
});

test.concurrent('nothing that a job or a producer wrote acts on a terminal, in either form of the log', async (context) => {
  const { startWith, push } = await scene(context);
  const dir = writeJobs(tempDir('jobs'), {
    'j.ts': `
      export async function Fails(this: { log: any }, queue: string, text: string) {
        this.log.warn({ text, nested: { [text]: [text] } }, text);
        throw new Error(text);
      }
    `,
  });
  const text = '\u001b[2J\u009b2J\r\b\u202e\u200b\u2028\ud800 日本';
  for (const format of ['json', 'pretty']) {
    await push('Fails', text);
    await push(`No${text}`, text);
    const run = startWith(dir, '-exit-on-complete', `-log-format=${format}`);
    expect((await run.exit()).code, run.output).toBe(0);
    expect(run.stdout).toContain('日本');
    expect(run.stdout.replaceAll(/[\n\t]/g, '')).not.toMatch(UNSAFE);
    if (format === 'json')
      expect(run.logs.find((line) => line.text === text)).toMatchObject({ nested: { [text]: [text] } });
    else expect(run.stdout).toContain('\\u001b[2J\\u009b2J');
  }
});

test.concurrent('a job that takes too long fails with TimeoutError, its slot is free, and what it does later changes nothing', async (context) => {
  const { redis, startWith, push } = await scene(context);
  const dir = writeJobs(tempDir('jobs'), {
    'j.ts': `
      import { job } from 'tsworker';
      export async function Endless(this: { signal: AbortSignal; log: any }) {
        const { log, signal } = this;
        await new Promise((_, reject) => signal.addEventListener('abort', () => { log.info('aborted'); reject(signal.reason); }));
      }
      export const patient = job({ class: 'Patient', timeout: 60, perform: async () => new Promise((resolve) => setTimeout(resolve, 600)) });
      export const quick = job({ class: 'Quick', timeout: 0.05, perform: async () => new Promise((resolve) => setTimeout(resolve, 500)) });
    `,
  });
  const run = startWith(dir, '-timeout=0.2', '-concurrency=1', '-exit-on-complete');
  await push('Endless');
  await push('Quick');
  await push('Patient');
  expect((await run.exit()).code).toBe(0);
  const errors = (await redis.client.lRange('resque:failed', 0, -1)).map((entry) => JSON.parse(entry));
  expect(errors).toMatchObject([
    { exception: 'TimeoutError', error: 'the job did not end within 0.2 s', payload: { class: 'Endless' } },
    { exception: 'TimeoutError', error: 'the job did not end within 0.05 s', payload: { class: 'Quick' } },
  ]);
  expect(run.logs.map((line) => line.msg)).toContain('aborted');
  expect(await assertConserved(redis.client, 3)).toMatchObject({ processed: 1, failed: 2 });
});

test.concurrent('a job that blocks the event loop stops no heartbeat', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const run = start('-heartbeat=0.1', '-prune-after=1', '-exit-on-complete');
  await push('Block', 2500);
  await counted({ claimed: 1 });
  const id = (await redis.client.sMembers('resque:workers')).find((member) => member.includes('-0:')) as string;
  const beats = new Set<string | undefined>();
  await until(async () => {
    beats.add((await redis.client.hGet('resque:workers:heartbeat', id)) ?? undefined);
    return beats.size >= 3;
  });
  expect(await countJobs(redis.client)).toMatchObject({ claimed: 1, processed: 0 });
  expect((await run.exit()).code).toBe(0);
});

test.concurrent('killed, its jobs are put back by another worker when its heartbeat has expired', async (context) => {
  const { redis, start, push, counted } = await scene(context);
  const intervals = ['-heartbeat=0.2', '-prune-after=1'];
  const victim = start(...intervals);
  await push('Sleep', 600);
  await push('Sleep', 600);
  await counted({ claimed: 2 });
  await victim.kill();
  const heir = start(...intervals);
  await until(async () => (await countJobs(redis.client)).processed === 2, { timeoutMs: 15_000 });
  heir.signal('SIGTERM');
  expect((await heir.exit()).code).toBe(0);
  expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
  expect(heir.logs.filter((line) => line.msg === 'pruned a dead worker').length).toBe(25);
});

test.concurrent('namespaces, also with a hash tag, are the prefix of every key', async (context) => {
  const { redis, start } = await scene(context);
  const run = start('-namespace={my}:', '-exit-on-complete');
  await run.exit();
  const busy = start('-namespace={my}:');
  await started(busy);
  await redis.client.rPush('{my}:queue:q', JSON.stringify({ class: 'Fails', args: ['x'] }));
  await busy.waitForLog('job failed');
  busy.signal('SIGUSR2');
  const keys = await redis.client.keys('*');
  expect(keys.length).toBeGreaterThan(5);
  expect(keys.every((key) => key.startsWith('{my}:'))).toBe(true);
});
