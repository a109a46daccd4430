/** The daemon with a faulty Redis: refusing, absent, loading, lost. Each test has its own server. */
import { join } from 'node:path';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { projectRoot, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, countJobs } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { freePort, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const FIXTURES = join(projectRoot, 'test/fixtures/tls');
let jobs: string;
let tlsPort: number;
beforeAll(async () => {
  tlsPort = await freePort();
  jobs = writeJobs(tempDir('jobs'), {
    'j.mjs': 'export const Sleep = (queue, ms) => new Promise((resolve) => setTimeout(resolve, ms));',
  });
});

function tlsArgs(port: number): string[] {
  const files = { '--tls-cert-file': 'server.crt', '--tls-key-file': 'server.key', '--tls-ca-cert-file': 'ca.crt' };
  const named = Object.entries(files).flatMap(([flag, file]) => [flag, join(FIXTURES, file)]);
  return ['--tls-port', String(port), '--tls-auth-clients', 'no', ...named];
}

describe('Redis at start', () => {
  const at = (context: TestContext, uri: string, ...flags: string[]) =>
    runCli([`-uri=${uri}`, `-jobs=${jobs}`, '-queues=q', ...flags], context);

  test.concurrent('wrong password: at once, one line without it, exit code 1', async (context) => {
    const locked = await startRedis({ password: 'right' });
    const run = at(context, locked.uri.replace('right', 's3cret'));
    expect((await run.exit(18_000)).code).toBe(1);
    expect(run.stderr).toMatch(/^tsworker: Redis at unix:\/\/.* rejected the password: WRONGPASS.*\n$/);
    expect(run.output).not.toContain('s3cret');
    await locked.stop();
  });

  test.concurrent('TLS: refused at once without the CA, and works with it or without the check', async (context) => {
    const secure = await startRedis({ args: tlsArgs(tlsPort) });
    const uri = `rediss://localhost:${tlsPort}/`;
    const refused = at(context, uri);
    expect((await refused.exit()).code).toBe(1);
    expect(refused.stderr).toMatch(/^tsworker: Redis at rediss:\/\/localhost:\d+\/?: TLS failed: .*-tls-cert.*\n$/);
    const trusting = at(context, uri, `-tls-cert=${join(FIXTURES, 'ca.crt')}`, '-exit-on-complete');
    expect((await trusting.exit()).code).toBe(0);
    const careless = at(context, uri, '-insecure-tls', '-exit-on-complete');
    expect((await careless.exit()).code).toBe(0);
    expect(careless.stdout).toContain('not verified');
    await secure.stop();
  });

  test.concurrent('not there: after ten seconds, one line, exit code 1', async (context) => {
    const run = at(context, 'redis://user:s3cret@127.0.0.1:1/');
    const waiting = await run.waitForLog((line) => String(line.msg).startsWith('waiting for Redis at '));
    expect(waiting.msg).toMatch(/redis:\/\/.*127\.0\.0\.1:1/);
    expect((await run.exit(18_000)).code).toBe(1);
    expect(run.logs.filter(({ msg }) => msg === waiting.msg)).toHaveLength(1);
    expect(run.stderr).toMatch(
      /^tsworker: Redis at redis:\/\/.*127\.0\.0\.1:1\/? cannot be reached: .*ECONNREFUSED.*\n$/,
    );
    expect(run.output).not.toContain('s3cret');
  });

  test.concurrent('coming up late is waited for', async (context) => {
    const late = await startRedis();
    const { uri } = late;
    await late.kill();
    const run = at(context, uri, '-exit-on-complete');
    await until(() => run.pid > 0);
    await late.start();
    expect((await run.exit()).code).toBe(0);
    await late.stop();
  });

  test.concurrent('loading its data is waited for, and said', async (context) => {
    const dir = tempDir('loading');
    const slow = await startRedis({ dir, args: ['--appendonly', 'yes'] });
    await slow.client.multi().rPush('resque:queue:q', '{"class":"Sleep","args":[1]}').exec();
    for (let i = 0; i < 200; i++) await slow.client.set(`key${i}`, 'x'.repeat(1000));
    await slow.stop();
    const again = await startRedis({
      dir,
      args: ['--appendonly', 'yes', '--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'],
    }).catch((error) => error);
    expect(again).not.toBeInstanceOf(Error);
    const run = at(context, again.uri, '-exit-on-complete', '-log-format=json');
    expect((await run.exit()).code).toBe(0);
    expect(await countJobs(again.client)).toMatchObject({ processed: 1 });
    await again.stop();
  });
});

test.concurrent('outage under load: nothing is lost, nobody restarts anything', async (context) => {
  const dir = tempDir('outage');
  const own = await startRedis({ dir, args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const run = runCli([`-uri=${own.uri}`, `-jobs=${jobs}`, '-queues=q', '-log-level=info'], context);
  await own.client.sAdd('resque:queues', 'q');
  await run.waitForLog('tsworker started');
  await own.client.rPush(
    'resque:queue:q',
    Array.from({ length: 200 }, () => '{"class":"Sleep","args":[50]}'),
  );
  await until(async () => (await countJobs(own.client)).processed > 20);
  await own.kill();
  await run.waitForLog((line) => String(line.msg).startsWith('Redis is unavailable'));
  await own.start();
  await run.waitForLog('Redis is back');
  await until(() => own.client.isReady);
  await until(async () => (await countJobs(own.client)).processed === 200);
  run.signal('SIGTERM');
  expect((await run.exit()).code).toBe(0);
  expect(await assertConserved(own.client, 200)).toMatchObject({ processed: 200 });
  expect(run.logs.filter((line) => String(line.msg).startsWith('Redis is unavailable'))).toHaveLength(1);
  await own.stop();
});

test.concurrent('Redis gone for good: the worker gives up with 1 after its jobs have ended', async (context) => {
  const own = await startRedis({ dir: tempDir('gone') });
  const run = runCli([`-uri=${own.uri}`, `-jobs=${jobs}`, '-queues=q', '-log-level=info'], context);
  await run.waitForLog('tsworker started');
  await own.client.rPush('resque:queue:q', '{"class":"Sleep","args":[300]}');
  await until(async () => (await own.client.keys('resque:worker:*-0:q')).length === 1);
  await own.kill();
  run.signal('SIGTERM');
  expect((await run.exit(18_000)).code).toBe(1);
  await own.stop();
}, 30_000);

test.concurrent('Redis gone while idle: a stop is not 0', async (context) => {
  const own = await startRedis();
  const run = runCli([`-uri=${own.uri}`, `-jobs=${jobs}`, '-queues=q', '-log-level=info'], context);
  await run.waitForLog('tsworker started');
  await own.kill();
  run.signal('SIGTERM');
  expect((await run.exit(18_000)).code).toBe(1);
  await own.stop();
});
