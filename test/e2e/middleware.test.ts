/** Middleware of a configuration and of folders: around jobs, after a reload, rejected at start and by check. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CliRun, childrenOf, runCli, writeJobs } from '../support/cli.js';
import { pushJob, untilCounted } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => redis.client.flushAll());

const config = (version: number) => `
  import { defineConfig, defineMiddleware, Discard } from 'tsworker';
  class Skipped extends Discard {}
  export default defineConfig({
    queues: ['q'],
    interval: 3600,
    middleware: defineMiddleware({
      setup: ({ log }) => log.info('config ${version}: setup'),
      teardown: () => console.error('config ${version}: teardown'),
      beforePerform(job) {
        if (job.args[0] === 'skip') throw new Skipped('not today');
      },
      async around(job, next) {
        job.log.info('config ${version}: before');
        await next();
        job.log.info('config ${version}: after');
      },
      onFailure: (error, job, { willRetry }) => job.log.info(\`config ${version}: \${error.message} \${willRetry}\`),
      onDiscard: (error, job) => job.log.info(\`config ${version}: \${error.name} \${error.message}\`),
    }),
  });`;
const folder = (version: number) => `
  import { defineMiddleware } from 'tsworker';
  export default defineMiddleware({
    beforePerform: (job) => job.log.info('folder ${version}: before'),
    afterPerform: (job) => job.log.info('folder ${version}: after'),
    onExhausted: (error, job) => job.log.info(\`folder ${version}: \${error.message}\`),
  });`;
const JOBS = `
  export function Fine() { this.log.info('job: fine'); }
  export function Bad() { throw new Error('boom'); }
  export const Outside = Fine;`;

function project(): string {
  return writeJobs(tempDir('project'), {
    'tsworker.config.ts': config(1),
    'jobs/outside.mjs': `export function Plain() { this.log.info('job: plain'); }`,
    'jobs/inner/_middleware.ts': folder(1),
    'jobs/inner/jobs.mjs': JOBS.replace(/.*Outside.*/, ''),
  });
}

const hooksIn = (daemon: CliRun) =>
  daemon.logs.flatMap(({ msg }) => (/^(config|folder) \d|^job: /.test(String(msg)) ? [String(msg)] : []));

test.each(['2', '1'])('around jobs, and told how they end, with -connections=%s', async (connections) => {
  const cwd = project();
  const daemon = runCli([`-uri=${redis.uri}`, `-connections=${connections}`, '-concurrency=1'], { cwd });
  await daemon.waitForLog('tsworker started');
  const expected = ['config 1: setup'];
  const does = async (lines: readonly string[], name: string, ...args: unknown[]) => {
    await pushJob(redis.client, name, ...args);
    expected.push(...lines);
    await until(() => hooksIn(daemon).length >= expected.length);
    expect(hooksIn(daemon)).toEqual(expected);
  };
  await does(['config 1: before', 'folder 1: before', 'job: fine', 'folder 1: after', 'config 1: after'], 'Fine');
  await does(['config 1: before', 'job: plain', 'config 1: after'], 'Plain');
  await does(['config 1: before', 'folder 1: before', 'folder 1: boom', 'config 1: boom false'], 'Bad');
  await does(['config 1: Discard not today'], 'Fine', 'skip');
  await untilCounted(redis.client, { processed: 3, failed: 1 });
  daemon.signal('SIGTERM');
  expect((await daemon.exit()).code, daemon.output).toBe(0);
  expect(daemon.stderr).toContain('config 1: teardown');
});

test('a reload takes the new middleware of the folder and of the configuration', async () => {
  const cwd = project();
  const daemon = runCli([`-uri=${redis.uri}`], { cwd });
  await daemon.waitForLog('tsworker started');
  const [before] = childrenOf(daemon.pid);
  writeJobs(cwd, { 'tsworker.config.ts': config(2), 'jobs/inner/_middleware.ts': folder(2) });
  daemon.signal('SIGHUP');
  await until(() => !childrenOf(daemon.pid).includes(before) && childrenOf(daemon.pid).length === 1);
  await pushJob(redis.client, 'Fine');
  await untilCounted(redis.client, { processed: 1 });
  await until(() => hooksIn(daemon).includes('config 2: after'));
  expect(hooksIn(daemon).slice(-5)).toEqual([
    ...['config 2: before', 'folder 2: before', 'job: fine', 'folder 2: after', 'config 2: after'],
  ]);
  // One that is wrong is refused; the worker goes on with what it has.
  writeJobs(cwd, { 'jobs/inner/_middleware.ts': 'export default { around_perform() {} };' });
  daemon.signal('SIGHUP');
  await daemon.waitForLog((line) => JSON.stringify(line).includes('there is no hook \\"around_perform\\"'));
  await pushJob(redis.client, 'Fine');
  await untilCounted(redis.client, { processed: 2 });
  daemon.signal('SIGTERM');
  expect((await daemon.exit()).code, daemon.output).toBe(0);
});

test('wrong middleware is refused at start and by check, with place and remedy', async () => {
  const cwd = project();
  writeJobs(cwd, { 'jobs/inner/_middleware.ts': 'export default { on_failure() {} };' });
  const name = join('jobs', 'inner', '_middleware.ts');
  const daemon = runCli([`-uri=${redis.uri}`], { cwd });
  expect((await daemon.exit()).code).toBe(1);
  expect(daemon.output).toContain(`${name}: there is no hook "on_failure"`);
  expect(daemon.output).toContain('Did you mean onFailure?');
  writeJobs(cwd, { 'tsworker.config.ts': config(1).replace('onDiscard:', 'on_discard:') });
  const check = runCli(['check', `-uri=${redis.uri}`], { cwd });
  expect((await check.exit()).code).toBe(1);
  expect(check.stdout).toContain(`✗ ${name}: there is no hook "on_failure"`);
  expect(check.stdout).toContain(
    'does not load: defineMiddleware: there is no hook "on_discard" (at tsworker.config.ts:7)',
  );
  expect(check.stdout.match(/on_failure/g)).toHaveLength(1);
  writeJobs(cwd, { 'tsworker.config.ts': config(1), 'jobs/inner/_middleware.ts': folder(1) });
  const good = runCli(['check', `-uri=${redis.uri}`], { cwd });
  expect((await good.exit()).code, good.output).toBe(0);
  expect(good.stdout).toContain(`✓ ${name}: middleware beforePerform, afterPerform, onExhausted`);
  expect(good.stdout).toContain('✓ middleware in tsworker.config.ts: setup, teardown, around, beforePerform');
  const json = writeJobs(tempDir('json'), { 'tsworker.config.json': '{"queues":"q","middleware":{}}' });
  const refused = runCli([`-uri=${redis.uri}`], { cwd: json });
  expect((await refused.exit()).code).toBe(2);
  expect(refused.stderr).toContain('"middleware" in tsworker.config.json: a file of this kind cannot hold functions');
});
