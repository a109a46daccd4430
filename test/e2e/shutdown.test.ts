/** Shutdowns that job modules obstruct: errors and hangs in `setup` and `teardown`. */
import { expect, type TestContext, test } from 'vitest';
import { type CliRun, projectRoot, run, writeJobs } from '../support/cli.js';
import { leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

const scene = (context: TestContext) => startScene(context, '', ['-interval=3600', '-concurrency=2']);
const module = (text: string) => writeJobs(tempDir('jobs'), { 'j.mjs': `export const Say = () => {};\n${text}` });

const WAYS = [
  ['one process', '-connections=1'],
  ['a supervisor', '-processes=1'],
] as const;

/** Ends, and shows nothing of itself in Redis any more. */
async function ended(worker: CliRun, redis: { client: Parameters<typeof leftoverKeys>[0] }): Promise<number | null> {
  const { code } = await worker.exit();
  await until(async () => (await redis.client.sCard('resque:workers')) === 0, { what: 'nobody is registered' });
  expect(await leftoverKeys(redis.client)).toEqual([]);
  return code;
}

test.concurrent.for(WAYS)(
  '%s: an error that teardown lets go does not cut the end short',
  async ([, flag], context) => {
    const { redis, startWith } = await scene(context);
    const jobs = module(`
    let log;
    export const setup = (context) => { log = context.log; };
    export const teardown = async () => {
      void Promise.reject(new Error('the pool is closed'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      log.info('torn down');
    };
  `);
    const worker = startWith(jobs, flag);
    await worker.waitForLog('tsworker started');
    worker.signal('SIGTERM');
    expect(await ended(worker, redis), worker.output).toBe(1);
    expect(worker.logs.map(({ msg }) => msg)).toContain('torn down');
    expect(worker.logs.find(({ level }) => level === 60)).toMatchObject({ err: { message: 'the pool is closed' } });
  },
);

test.concurrent.for(WAYS)(
  '%s: a setup that hangs does not keep a worker from being stopped',
  async ([, flag], context) => {
    const { redis, startWith } = await scene(context);
    const jobs = module(`
    export const setup = ({ log }) => { log.warn('set up'); return new Promise(() => setInterval(() => {}, 1000)); };
  `);
    const worker = startWith(jobs, flag);
    await worker.waitForLog('set up');
    worker.signal('SIGTERM');
    expect(await ended(worker, redis), worker.output).toBe(0);
  },
);

test.concurrent('in a program: a setup that hangs ends with the signal of the settings', async (context) => {
  const { redis } = await scene(context);
  const jobs = module(`
    export const setup = () => { globalThis.stop(); return new Promise(() => setInterval(() => {}, 1000)); };
  `);
  const program = `
    import { work } from ${JSON.stringify(`${projectRoot}dist/index.js`)};
    const abort = new AbortController();
    globalThis.stop = () => abort.abort();
    const uri = ${JSON.stringify(redis.uri)};
    const result = await work({ uri, queues: 'q', jobs: ${JSON.stringify(jobs)}, signal: abort.signal });
    console.log(JSON.stringify({ level: 30, msg: 'result', result }));
    process.exit();
  `;
  const dir = writeJobs(tempDir('program'), { 'program.mjs': program });
  const worker = run(process.execPath, [`${dir}/program.mjs`], context);
  expect(await ended(worker, redis), worker.output).toBe(0);
  expect(worker.logs.find(({ msg }) => msg === 'result')).toMatchObject({ result: { exitCode: 0, processed: 0 } });
});

test.concurrent.for(WAYS)('%s: a teardown that hangs ends with the grace', async ([, flag], context) => {
  const { redis, startWith } = await scene(context);
  const jobs = module(`
    export const teardown = () => new Promise(() => setInterval(() => {}, 1000));
  `);
  const worker = startWith(jobs, flag, '-grace=0.3');
  await worker.waitForLog('tsworker started');
  worker.signal('SIGTERM');
  expect(await ended(worker, redis), worker.output).toBe(1);
});
