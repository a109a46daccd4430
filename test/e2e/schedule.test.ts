/**
 * Recurring jobs with real workers: published at start, enqueued by every form of the worker, rejected if they are
 * invalid.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACL_OF_RETRY, ACL_OF_SCHEDULE, ACL_OF_SCHEDULER, SMALLEST_ACL } from '../support/acl.js';
import { run, runCli, writeJobs } from '../support/cli.js';
import { prose } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { projectRoot } from '../support/root.js';
import { until } from '../support/until.js';

let redis: TestRedis;
const app = tempDir('schedule');

beforeAll(async () => {
  redis = await startRedis();
  writeJobs(app, {
    'package.json': '{"name":"shop","type":"module"}',
    'tsworker.config.mjs': `export default {
      schedule: { config: { cron: '* * * * * *', class: 'Ping', queue: 'q', args: ['config'], missed: 'all' } },
    };`,
    'jobs/a.ts': `import { job } from 'tsworker';
      export const ping = job({ class: 'Ping', queue: 'q', every: '1s', perform(from = 'job') { console.log('ping ' + from); } });`,
    'work.mjs': `
      import { register, work } from ${JSON.stringify(`${projectRoot}/dist/index.js`)};
      register('Ping', (queue, from) => console.log('ping ' + from));
      const schedule = { program: { every: '1s', class: 'Ping', queue: 'q', args: ['program'] } };
      await work({ queues: ['q'], schedule, uri: process.env.REDIS_URL, label: 'lib.ts' });
    `,
  });
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

const worker = (...flags: string[]) => runCli(['-queues=q', `-uri=${redis.uri}`, ...flags], { cwd: app });

test.each([
  ['a supervisor with a child', () => worker(), ['config', 'job']],
  ['one process', () => worker('-connections=1'), ['config', 'job']],
  ['a program', () => run('node', ['work.mjs'], { cwd: app, env: { REDIS_URL: redis.uri } }), ['program']],
])('%s publishes its schedule, enqueues and runs it', async (_what, start, names) => {
  const running = start();
  for (const name of names)
    await until(() => running.stdout.includes(`ping ${name}\n`), { what: `the job of ${name}` });
  expect(await redis.client.hKeys('resque:tsworker:schedules')).toEqual(['shop']);
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
});

test('a file of resque-scheduler; the permissions that the documentation names are enough', async () => {
  writeJobs(app, { 'config/schedule.yml': 'yaml:\n  every: 1s\n  class: Ping\n  queue: q\n  args: yaml\n' });
  const rules = [...SMALLEST_ACL, ...ACL_OF_SCHEDULER, ...ACL_OF_SCHEDULE];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'clock', 'reset', 'on', '>pw', '~resque:*', ...rules]);
  expect(prose('config/README.md')).toContain(`add, beside these, \`${ACL_OF_SCHEDULE.join(' ')}\``);
  expect(ACL_OF_RETRY).toContain('+hincrby');
  const running = worker('-schedule=config/schedule.yml', `-uri=${redis.uri.replace('unix://', 'unix://clock:pw@')}`);
  await until(() => running.stdout.includes('ping yaml\n'), { what: 'the job of the file' });
  expect(await redis.client.hExists('resque:delayed:last_enqueued_at', 'yaml')).toBe(1);
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  expect(running.output).not.toContain('NOPERM');
});

test('tsworker scheduler alone: it moves and enqueues, runs no job, and leaves with 0 at TERM', async () => {
  writeJobs(app, { 'config/schedule.yml': 'yaml: {every: 1s, class: Ping, queue: q, args: yaml}\n' });
  const running = runCli(['scheduler', `-uri=${redis.uri}`, '-schedule=config/schedule.yml'], { cwd: app });
  await until(async () => (await redis.client.lLen('resque:queue:q')) > 0, { what: 'the job of the file' });
  await redis.client.rPush('resque:delayed:5', '{"class":"Later","args":[],"queue":"later"}');
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: '5', score: 5 });
  await until(async () => (await redis.client.lLen('resque:queue:later')) === 1, { what: 'the delayed job' });
  expect(await redis.client.hKeys('resque:tsworker:schedules')).toEqual(['shop (scheduler)']);
  expect(await redis.client.sCard('resque:workers')).toBe(0);
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  expect(await redis.client.exists('resque:tsworker:scheduler')).toBe(0);
  const wrong = runCli(['scheduler', `-uri=${redis.uri}`, '-schedule=nowhere.yml'], { cwd: app });
  expect((await wrong.exit()).code).toBe(2);
});

test.each(['-connections=1', '-connections=2'])(
  'with %s the last line of -exit-on-complete says how many jobs are delayed, and how many run again',
  async (flag) => {
    await redis.client.rPush('resque:delayed:9999999999', [
      '{"class":"L","args":[],"queue":"q"}',
      '{"class":"M","args":[],"queue":"q"}',
    ]);
    await redis.client.zAdd('resque:delayed_queue_schedule', { value: '9999999999', score: 9_999_999_999 });
    await redis.client.rPush('resque:queue:once', '{"class":"Flaky","args":[]}');
    writeJobs(app, {
      'flaky/flaky.ts': 'export const retry = { delay: 3600 };\nexport function Flaky() { throw new Error("again"); }',
    });
    const running = runCli(['-queues=once', '-exit-on-complete', `-uri=${redis.uri}`, '-jobs=flaky', flag], {
      cwd: app,
    });
    expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
    expect(running.logs.at(-1)).toMatchObject({
      ...{ msg: 'tsworker stopped: 2 jobs delayed, 1 job to run again', delayed: 2, retrying: 1 },
    });
  },
);

describe('what cannot be is refused at start, and by check, with its place', () => {
  test.each([
    ['never: {cron: "0 0 30 2 *", class: Ping, queue: q}', 'config/wrong.yml: never: "0 0 30 2 *" never fires'],
    ['odd: {every: 500ms, class: Ping, queue: q}', 'config/wrong.yml: odd: every "500ms" is no interval'],
  ])('%s', async (text, message) => {
    writeJobs(app, { 'config/wrong.yml': text });
    const running = worker('-schedule=config/wrong.yml');
    expect(await running.exit(), running.output).toEqual({ code: 2, signal: null });
    expect(running.stderr).toContain(message);
    const check = runCli(['check', '-queues=q', `-uri=${redis.uri}`, '-schedule=config/wrong.yml'], { cwd: app });
    expect((await check.exit()).code).toBe(1);
    expect(check.stdout).toContain(message);
  });

  test('check names what is scheduled, and a class that would fail here', async () => {
    writeJobs(app, { 'config/other.yml': 'other: {every: 1h, class: Nobody, queue: q}\n' });
    const check = runCli(['check', '-queues=q', `-uri=${redis.uri}`, '-schedule=config/other.yml'], { cwd: app });
    await check.exit();
    expect(check.stdout).toContain('recurring jobs: other, Ping');
    expect(check.stdout).toContain('other enqueues Nobody into q, and no job module registers it');
  });
});
