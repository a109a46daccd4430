/** The package's own files are removed or replaced under a running worker, as in a deployment in place. */
import { renameSync } from 'node:fs';
import { expect, type TestContext, test } from 'vitest';
import { VERSION } from '../../src/version.js';
import { type CliRun, childrenOf, run, writeJobs } from '../support/cli.js';
import { leftoverKeys } from '../support/conservation.js';
import { copyPackage } from '../support/package-copy.js';
import { tempDir } from '../support/reaper.js';
import type { TestRedis } from '../support/redis.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

const JOBS = {
  'j.mjs': `
    export function Say() { this.log.info('said'); }
    export const Wait = (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));
  `,
};

async function prepare(context: TestContext) {
  const jobs = writeJobs(tempDir('jobs'), JOBS);
  const scene = await startScene(context, jobs, []);
  const copy = copyPackage();
  const start = (...flags: string[]): CliRun => {
    const always = [`-uri=${scene.redis.uri}`, `-jobs=${jobs}`, '-queues=q', '-heartbeat=0.1', '-concurrency=2'];
    return run(process.execPath, [copy.bin, ...always, ...flags], context);
  };
  return { ...scene, start, copy };
}

/** A worker that died without leaving, on another machine. */
async function plantDead({ client }: TestRedis, id: string): Promise<void> {
  await client.sAdd('resque:workers', id);
  await client.hSet('resque:workers:heartbeat', id, '2020-01-01T00:00:00Z');
}

test.concurrent.for([
  ['a supervisor and its child', []],
  ['one process', ['-connections=1']],
  ['with -http', ['-http=127.0.0.1:0']],
] as const)('%s: heartbeats, recovery, jobs and a stop need none of the files', async ([, flags], context) => {
  const { redis, start, copy, push, counted } = await prepare(context);
  const worker = start(...flags);
  await worker.waitForLog('tsworker started');
  renameSync(copy.dist, `${copy.dist}.gone`);
  const beats = () => redis.client.hVals('resque:workers:heartbeat');
  const [before] = await beats();
  await until(async () => (await beats())[0] !== before, { what: 'another heartbeat' });
  await plantDead(redis, 'elsewhere:1:q');
  await until(async () => (await redis.client.sIsMember('resque:workers', 'elsewhere:1:q')) === 0);
  await push('Say');
  await counted({ processed: 1 });
  worker.signal('SIGTTIN');
  await worker.waitForLog('no running jobs');
  const url = worker.logs.find((line) => line.url !== undefined)?.url;
  if (url !== undefined) expect((await fetch(`${url}/metrics`)).status).toBe(200);
  worker.signal('SIGTERM');
  expect((await worker.exit()).code, worker.output).toBe(0);
  expect(worker.logs.filter((line) => line.level > 40)).toEqual([]);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('an upgrade in place: a child of the new version is refused, and the others go on', async (context) => {
  const { redis, start, copy, push, counted } = await prepare(context);
  const worker = start();
  await worker.waitForLog('tsworker started');
  const refused = () => worker.logs.filter(({ problem }) => String(problem).includes('is tsworker 99.0.0'));
  copy.setVersion('99.0.0');
  const [child] = childrenOf(worker.pid);
  worker.signal('SIGHUP');
  await until(() => refused().length === 1);
  expect(refused()[0]).toMatchObject({ level: 50, hint: expect.stringContaining('restart tsworker') });
  await worker.waitForLog((line) => String(line.msg).startsWith('reload given up'));
  expect(childrenOf(worker.pid)).toEqual([child]);
  await push('Say');
  await counted({ processed: 1 });
  // Nobody is left who works: it is tried again until the package is of the old version.
  process.kill(child, 'SIGKILL');
  await until(() => refused().length >= 3);
  copy.setVersion(VERSION);
  await push('Say');
  await counted({ processed: 2 });
  worker.signal('SIGTERM');
  expect((await worker.exit()).code, worker.output).toBe(0);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});
