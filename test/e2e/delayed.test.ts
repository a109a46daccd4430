/** Delayed jobs with real workers: every form of the worker moves them to their queues and runs them. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACL_OF_SCHEDULER, SMALLEST_ACL } from '../support/acl.js';
import { run, runCli, writeJobs } from '../support/cli.js';
import { leftoverKeys, untilCounted } from '../support/conservation.js';
import { prose } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { projectRoot } from '../support/root.js';
import { until } from '../support/until.js';

let redis: TestRedis;
const app = tempDir('delayed');

beforeAll(async () => {
  redis = await startRedis();
  writeJobs(app, {
    'jobs/a.ts': "export function Remind(queue: string, id: number) { console.log('reminded', id); }\n",
    'work.mjs': `
      import { register, work } from ${JSON.stringify(`${projectRoot}/dist/index.js`)};
      register('Remind', (queue, id) => console.log('reminded ' + id));
      await work({ queues: ['q'], interval: 60, uri: process.env.REDIS_URL, label: 'lib.ts' });
    `,
  });
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

/** As resque-scheduler writes it, due in a second: over a connection that is no worker's. */
async function delay(id: number): Promise<void> {
  const [seconds] = (await redis.client.sendCommand(['TIME'])) as unknown as string[];
  const time = String(Number(seconds) + 1);
  const item = `{"class":"Remind","args":[${id}],"queue":"q"}`;
  await redis.client.rPush(`resque:delayed:${time}`, item);
  await redis.client.sAdd(`resque:timestamps:${item}`, `delayed:${time}`);
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: time, score: Number(time) });
}

const worker = (...flags: string[]) =>
  runCli(['-queues=q', '-interval=60', `-uri=${redis.uri}`, ...flags], { cwd: app });

test.each([
  ['a supervisor with a child', () => worker()],
  ['one process', () => worker('-connections=1')],
  ['a program', () => run('node', ['work.mjs'], { cwd: app, env: { REDIS_URL: redis.uri } })],
])('%s moves them to their queues and runs them', async (_what, start) => {
  const running = start();
  await until(async () => (await redis.client.exists('resque:tsworker:scheduler')) === 1, {
    what: 'a scheduler leads',
  });
  await delay(1);
  await delay(2);
  await untilCounted(redis.client, { processed: 2, delayed: 0 });
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  expect(running.stdout).toContain('reminded 1');
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('-scheduler=off leaves them where they are', async () => {
  const running = worker('-scheduler=off');
  await until(async () => (await redis.client.sCard('resque:workers')) === 25, { what: 'the worker is registered' });
  await delay(1);
  await redis.client.rPush('resque:queue:q', '{"class":"Remind","args":[2]}');
  await untilCounted(redis.client, { processed: 1, delayed: 1 });
  expect(await redis.client.exists('resque:tsworker:scheduler')).toBe(0);
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
});

test('the permissions that the documentation names are enough', async () => {
  const user = ['reset', 'on', '>pw', '~resque:*', ...SMALLEST_ACL, ...ACL_OF_SCHEDULER];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'later', ...user]);
  expect(prose('config/README.md')).toContain(`For delayed jobs add \`${ACL_OF_SCHEDULER.join(' ')}\``);
  const running = worker(`-uri=${redis.uri.replace('unix://', 'unix://later:pw@')}`);
  await until(async () => (await redis.client.exists('resque:tsworker:scheduler')) === 1, {
    what: 'a scheduler leads',
  });
  await redis.client.rPush('resque:delayed:5', '[1]');
  await redis.client.zAdd('resque:delayed_queue_schedule', { value: '5', score: 5 });
  await delay(1);
  await untilCounted(redis.client, { processed: 1, failed: 1, delayed: 0 });
  running.signal('SIGTERM');
  expect(await running.exit(), running.output).toEqual({ code: 0, signal: null });
  expect(running.output).not.toContain('NOPERM');
});
