/** Jobs of every producer through the CLI, and node-resque as the other program beside us. */
import NodeResque from 'node-resque';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { close, enqueue, setSettings } from '../../src/index.js';
import { run, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, countJobs, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let jobs: string;
beforeAll(async () => {
  redis = await startRedis({ port: true });
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.ts': `
      import { enqueue, job } from 'tsworker';
      import { createClient } from ${JSON.stringify(import.meta.resolve('@redis/client'))};
      let client: any;
      export async function setup() { client = createClient({ url: process.env.SEEN }); await client.connect(); }
      export async function teardown() { await client.close(); }
      export async function Seen(queue: string, id: string) { await client.rPush('seen', queue + ':' + id); }
      export async function Fails(queue: string, id: string) { throw new Error('failed ' + id); }
      export async function Hold() { await new Promise((resolve) => setTimeout(resolve, 60_000)); }
      const next = job({ class: 'Next', queue: 'low', perform: async (n: number) => { await client.rPush('seen', 'next:' + n); } });
      export { next };
      export async function Chain(queue: string, n: number) { await next.enqueue(n); await enqueue({ queue: 'low', class: 'Next', args: [n + 1] }); }
    `,
  });
});
afterAll(async () => {
  await close();
  await redis.stop();
});
beforeEach(async () => {
  await redis.client.flushAll();
});

const start = (...flags: string[]) =>
  runCli([`-uri=${redis.uri}`, `-jobs=${jobs}`, ...flags], { env: { SEEN: redis.uri } });

async function nodeQueue(): Promise<InstanceType<typeof NodeResque.Queue>> {
  const connection = { pkg: 'ioredis', host: '127.0.0.1', port: redis.port, namespace: 'resque' };
  const queue = new NodeResque.Queue({ connection }, {});
  queue.on('error', () => {});
  await queue.connect();
  return queue;
}

test('1,000 jobs of redis-cli, node-resque and enqueue(), mixed: each done once, and no key is left', async () => {
  const queue = await nodeQueue();
  setSettings({ uri: redis.uri });
  const commands = Array.from({ length: 334 }, (_, n) => {
    const name = n % 2 ? 'high' : 'low';
    return `SADD resque:queues ${name}\nRPUSH resque:queue:${name} '{"class":"Seen","args":["cli${n}"]}'`;
  });
  await run('redis-cli', ['-s', redis.socketPath], { input: commands.join('\n') }).exit();
  for (let n = 0; n < 333; n++) await queue.enqueue(n % 2 ? 'high' : 'low', 'Seen', [`node${n}`]);
  await enqueue(
    Array.from({ length: 333 }, (_, n) => ({ queue: n % 2 ? 'high' : 'low', class: 'Seen', args: [`ours${n}`] })),
  );
  await queue.end();
  expect((await start('-queues=high=2,low=1', '-exit-on-complete').exit()).code).toBe(0);
  const seen = await redis.client.lRange('seen', 0, -1);
  expect(seen).toHaveLength(1000);
  expect(new Set(seen).size).toBe(1000);
  expect(await assertConserved(redis.client, 1000)).toMatchObject({ processed: 1000 });
  expect(await leftoverKeys(redis.client)).toEqual(['resque:connection_test_key', 'seen']); // The first is node-resque's.
});

test('node-resque sees our workers at work, and retries what failed with us', async () => {
  const queue = await nodeQueue();
  const worker = start('-queues=high,low', '-concurrency=3');
  await queue.enqueue('high', 'Hold', []);
  await queue.enqueue('low', 'Fails', ['x']);
  await until(async () => (await countJobs(redis.client)).failed === 1);
  await until(async () => (await countJobs(redis.client)).claimed === 1);
  const workers = await queue.workers();
  expect(Object.values(workers)).toEqual(['high,low', 'high,low', 'high,low']);
  const working = Object.values(await queue.allWorkingOn()).filter((state) => typeof state === 'object');
  expect(working).toMatchObject([{ queue: 'high', payload: { class: 'Hold' } }]);
  const [failure] = await queue.failed(0, 0);
  expect(failure).toMatchObject({
    exception: 'Error',
    error: 'failed x',
    queue: 'low',
    payload: { class: 'Fails', args: ['x'] },
  });
  await queue.retryAndRemoveFailed(failure);
  await until(async () => (await redis.client.get('resque:stat:failed')) === '2');
  expect(await queue.failedCount()).toBe(1);
  expect(await queue.stats()).toMatchObject({ failed: '2' });
  await queue.end();
  await worker.kill();
});

test('jobs enqueue jobs over the worker’s own connection, and an idle worker is woken by them', async () => {
  const worker = start('-queues=high,low', '-interval=3600');
  await worker.waitForLog('tsworker started');
  setSettings({ uri: redis.uri });
  await enqueue({ queue: 'high', class: 'Chain', args: [5] });
  await until(async () => (await redis.client.lLen('seen')) === 2);
  expect((await redis.client.lRange('seen', 0, -1)).sort()).toEqual(['next:5', 'next:6']);
  worker.signal('SIGTERM');
  expect((await worker.exit()).code).toBe(0);
});

test('strict order through the CLI: no low job starts while high has one', async () => {
  setSettings({ uri: redis.uri });
  const both = ['low', 'high'].flatMap((queue) =>
    Array.from({ length: 300 }, (_, n) => ({ queue, class: 'Seen', args: [`${n}`] })),
  );
  await enqueue(both);
  expect((await start('-queues=high,low', '-exit-on-complete', '-concurrency=1').exit()).code).toBe(0);
  const queues = (await redis.client.lRange('seen', 0, -1)).map((entry) => entry.split(':')[0]);
  expect(queues).toEqual([...Array(300).fill('high'), ...Array(300).fill('low')]);
});
