/** Retries by real workers. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACL_OF_RETRY, SMALLEST_ACL } from '../support/acl.js';
import { runCli, writeJobs } from '../support/cli.js';
import { leftoverKeys, pushJob, untilCounted } from '../support/conservation.js';
import { prose } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
const app = tempDir('retry');

beforeAll(async () => {
  redis = await startRedis();
  writeJobs(app, {
    'jobs/a.ts': `
      import { Cancel, Discard, job, RetryIn } from 'tsworker';
      export const retry = { attempts: 3, delay: 0.05 };
      export function Flaky(queue: string, fails: number) {
        console.log('run', this.attempt, 'of', this.attempts, 'after', this.failures.length);
        if (this.attempt <= fails) throw new TypeError('failure ' + this.attempt);
      }
      export const once = job({ class: 'Once', retry: false, perform() { throw new Error('once'); } });
      export const drop = job({ class: 'Drop', perform() { throw new Discard('stale'); } });
      export const stop = job({ class: 'Stop', perform() { throw new Cancel('never'); } });
      let postponed = 0;
      export const later = job({ class: 'Later', perform() { if (++postponed < 3) throw new RetryIn(0.05); } });
      export const slow = job({ class: 'Slow', timeout: 0.05, perform: () => new Promise(() => {}) });
    `,
    'wrong/a.ts': 'export const retry = { attemps: 3 };\nexport function Job() {}\n',
    'plain/a.ts': "export function Boom() { throw new Error('boom'); }\n",
  });
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

const worker = (...flags: string[]) =>
  runCli(['-queues=q', '-interval=60', '-log-format=json', `-uri=${redis.uri}`, ...flags], { cwd: app });
const failed = async () => (await redis.client.lRange('resque:failed', 0, -1)).map((entry) => JSON.parse(entry));

test('it runs again until it succeeds, or until it has failed for the last time', async () => {
  const user = ['reset', 'on', '>pw', '~resque:*', ...SMALLEST_ACL, ...ACL_OF_RETRY];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'again', ...user]);
  expect(prose('config/README.md')).toContain(`add \`${ACL_OF_RETRY.join(' ')}\``);
  const running = worker('-scheduler=off', `-uri=${redis.uri.replace('unix://', 'unix://again:pw@')}`);
  for (const [name, ...args] of [['Flaky', 2], ['Flaky', 9], ['Once'], ['Drop'], ['Stop'], ['Later'], ['Slow']])
    await pushJob(redis.client, name as string, ...args);
  await untilCounted(redis.client, { processed: 3, failed: 4, failedStat: 4, retrying: 0, claimed: 0 });
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  const entries = Object.fromEntries((await failed()).map((entry) => [entry.payload.class, entry]));
  expect(entries.Flaky).toMatchObject({ exception: 'TypeError', error: 'failure 3', attempts: 3 });
  expect(entries.Flaky.retries.map((one: { error: string }) => one.error)).toEqual([
    'TypeError: failure 1',
    'TypeError: failure 2',
  ]);
  expect(entries.Slow).toMatchObject({ exception: 'TimeoutError', attempts: 3 });
  expect(entries.Once.attempts).toBeUndefined();
  expect(entries.Stop).toMatchObject({ exception: 'Cancel', error: 'never' });
  expect(running.stdout).toContain('run 3 of 3 after 2');
  const lines = running.stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  expect(lines).toContainEqual(
    expect.objectContaining({
      ...{ class: 'Flaky', queue: 'q', attempt: 2, at: expect.any(String) },
      msg: 'job failed: runs again in 0s',
    }),
  );
  expect(lines.find(({ msg }) => msg === 'job discarded')).toMatchObject({ class: 'Drop', reason: 'stale' });
  expect(running.output).not.toContain('NOPERM');
  expect((await leftoverKeys(redis.client)).filter((key) => !key.endsWith(':failed'))).toEqual([]);
});

test('-retry holds for classes that say nothing, and what waits outlives the worker', async () => {
  const running = worker('-jobs=plain', '-retry=5');
  await pushJob(redis.client, 'Boom');
  await untilCounted(redis.client, { retrying: 1, claimed: 0 });
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  await untilCounted(redis.client, { retrying: 1, failed: 0, failedStat: 0 });
});

test('wrong options are refused at start and by check, with the place and what is right', async () => {
  for (const command of [[], ['check']]) {
    const refused = runCli([...command, '-jobs=wrong', '-queues=q', `-uri=${redis.uri}`], { cwd: app });
    expect((await refused.exit()).code).toBe(1);
    expect(refused.output).toContain('wrong/a.ts: retry has no option attemps');
    expect(refused.output).toContain('It has attempts, delay,');
  }
  const flag = runCli(['-queues=q', '-retry=-1', `-uri=${redis.uri}`], { cwd: app });
  expect((await flag.exit()).code).toBe(2);
  expect(flag.output).toContain('-retry');
});
