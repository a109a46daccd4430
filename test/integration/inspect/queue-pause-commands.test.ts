/** One queue is paused and resumed by hand and by programs, and every display says so. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { close, isQueuePaused, pauseQueue, resumeQueue, setSettings } from '../../../src/index.js';
import { writeFleet } from '../../support/fleet.js';
import { fakeIo } from '../../support/io.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  setSettings({ uri: redis.uri });
});
afterAll(() => redis.stop());
afterEach(() => close());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.sAdd('resque:queues', ['low', 'high']);
  await redis.client.rPush('resque:queue:low', '{"class":"C","args":[1]}');
});

const KEY = 'resque:pause:queue:low';
async function run(line: string) {
  const io = fakeIo({ cwd: '/nowhere' });
  const code = await main(line.split(' '), { REDIS_URL: redis.uri }, io);
  return { code, ...io.texts };
}
const json = async (line: string) => JSON.parse((await run(`${line} -json`)).out) as Record<string, unknown>;

describe('queues pause', () => {
  test('sets the key of the Ruby plugins, says who does not heed it, and resume takes it away', async () => {
    const { code, out, err } = await run('queues pause low');
    expect([code, out]).toEqual([0, 'paused the queue low\n']);
    expect(err).toContain(
      'Ruby workers without resque-pause or Mission Control, goworker and node-resque do not heed this',
    );
    expect(await redis.client.get(KEY)).toBe('true');
    expect(await redis.client.pTTL(KEY)).toBe(-1);
    expect(await run('queues resume low')).toMatchObject({
      code: 0,
      out: 'resumed the queue low: workers take its jobs\n',
    });
    expect(await redis.client.exists(KEY)).toBe(0);
    expect((await run('queues resume low')).out).toBe('the queue low was not paused\n');
  });

  test('-for ends by itself; again sets it anew', async () => {
    expect((await run('queues pause low -for=30m')).out).toBe('paused the queue low for 30m 0s\n');
    expect(await redis.client.pTTL(KEY)).toBeGreaterThan(1_790_000);
    expect((await run('queues pause low')).out).toBe('was paused already; now paused: the queue low\n');
    expect(await redis.client.pTTL(KEY)).toBe(-1);
  });

  test('as JSON, and --dry-run changes nothing', async () => {
    const paused = { queue: 'low', paused: true, pauseEndsInSeconds: 60, before: false, ignoredBy: [] };
    expect(await json('queues pause low -for=60 --dry-run')).toEqual({ ...paused, dryRun: true });
    expect(await redis.client.exists(KEY)).toBe(0);
    expect(await json('queues pause low -for=60')).toEqual({ ...paused, dryRun: false });
    const resumed = { queue: 'low', paused: false, before: true };
    expect(await json('queues resume low --dry-run')).toEqual({ ...resumed, dryRun: true });
    expect(await redis.client.exists(KEY)).toBe(1);
    expect(await json('queues resume low')).toEqual({ ...resumed, dryRun: false });
  });

  test('names the processes that take jobs all the same', async () => {
    await writeFleet(redis.client);
    expect((await run('queues pause low')).err).toContain('goworker web2:99, node-resque web3:5+1 ignore the pause');
  });

  test('a queue that is not there yet is paused, with a word; what cannot be is refused', async () => {
    expect((await run('queues pause loow')).err).toContain('there is no queue loow yet; did you mean low?');
    expect(await redis.client.exists('resque:pause:queue:loow')).toBe(1);
    for (const time of ['0s', '-1', 'soon', '99999999999w'])
      expect(await run(`queues pause low -for=${time}`), time).toMatchObject({ code: 2, out: '' });
    expect(await redis.client.exists(KEY)).toBe(0);
  });
});

test('queues, status, check and enqueue show it', async () => {
  expect((await run('queues')).out).not.toContain('PAUSED');
  await redis.client.set(KEY, '1', { PX: 90_500 });
  expect((await run('queues')).out).toMatch(/^low +1 +- +for 1m \d+s$/m);
  const [high, low] = (await run('queues -json')).out.split('\n').map((line) => line && JSON.parse(line));
  expect(high).toMatchObject({ name: 'high', paused: false, pauseEndsInSeconds: null });
  expect(low).toMatchObject({ name: 'low', paused: true, pauseEndsInSeconds: expect.any(Number) });
  const { out } = await run('status');
  expect(out).toMatch(/^paused +no, but for the queue low for 1m \d+s$/m);
  expect(out).toMatch(/^low +1 +- +0 +for 1m \d+s$/m);
  expect(await json('status')).toMatchObject({ paused: false, queues: [{ paused: false }, { paused: true }] });
  expect((await run('check -queues=low')).out).toMatch(
    /the queue low is paused for 1m \d+s: tsworker takes no new jobs/,
  );
  expect((await run('enqueue C 1 -queue=low')).err).toContain('warning: the queue low is paused');
  expect((await run('enqueue C 1 -queue=high')).err).not.toContain('paused');
});

test('a key of another type is no pause, for displays as for workers', async () => {
  await redis.client.rPush(KEY, 'x');
  expect((await run('queues')).out).not.toContain('PAUSED');
  expect((await run('status')).out).toMatch(/^paused +no$/m);
});

test('from a program', async () => {
  await pauseQueue('low', { for: 60 });
  expect(await isQueuePaused('low')).toBe(true);
  expect(await redis.client.pTTL(KEY)).toBeGreaterThan(50_000);
  expect(await resumeQueue('low')).toBe(true);
  expect(await resumeQueue('low')).toBe(false);
  expect(await isQueuePaused('low')).toBe(false);
  await expect(pauseQueue('a,b')).rejects.toThrow('a comma separates queues');
  await expect(pauseQueue('low', { for: -1 })).rejects.toThrow('more than 0');
  await expect(pauseQueue('low', { for: 'soon' as never })).rejects.toThrow('number of seconds');
});
