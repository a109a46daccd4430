/** The reads from Redis at a scrape: its counts and queues, fast, rarely, and limited in time. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseQueues } from '../../../src/config/queues.js';
import { Collector } from '../../../src/metrics/collect.js';
import { expose } from '../../../src/metrics/exposition.js';
import type { Connection } from '../../../src/redis/connection.js';
import { ACL_OF_HTTP, SMALLEST_ACL } from '../../support/acl.js';
import { parseMetrics, type Scraped } from '../../support/metrics.js';
import { prose } from '../../support/pages.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection } from '../../support/store.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
let connection: Connection | undefined;
let refusals: string[];
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.configResetStat();
  connection = await testConnection(redis.uri);
  refusals = [];
});

const collector = (queues = 'a,b') =>
  new Collector({
    connection: () => connection,
    namespace: 'resque:',
    queues: parseQueues(queues).plan,
    refused: (error) => refusals.push(error.message),
  });
const scrape = async (of = collector()): Promise<Scraped> => parseMetrics(await expose(await of.samples()));

async function callsOf(command: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.client.info('commandstats'))?.[1] ?? 0);
}

test('a pattern has series for the queues that it matches at the time', async () => {
  await redis.client.sAdd('resque:queues', ['mail_a', 'mail_b', 'other']);
  await redis.client.rPush('resque:queue:mail_b', '{"class":"A","args":[]}');
  const text = await expose(await collector('mail_*').samples());
  expect(text).toMatch(/^tsworker_queue_jobs\{queue="mail_a"\} 0$/m);
  expect(text).toMatch(/^tsworker_queue_jobs\{queue="mail_b"\} 1$/m);
  expect(text).not.toContain('queue="other"');
});

test('counts, queues and the age of the next job', async () => {
  const old = JSON.stringify({ class: 'A', args: [], enqueued_at: new Date(Date.now() - 60_000).toISOString() });
  await redis.client.rPush('resque:queue:a', [old, '{"class":"A","args":[]}']);
  await redis.client.rPush('resque:queue:other', 'x');
  await redis.client.rPush('resque:tsworker:quarantine:b', 'x');
  await redis.client.rPush('resque:failed', ['{}', '{}', '{}']);
  await redis.client.mSet({ 'resque:stat:processed': '12', 'resque:stat:failed': '3', 'resque:pause:queue:b': 'true' });
  const scraped = await scrape();
  expect(scraped.series('tsworker_queue_jobs')).toEqual([{ queue: 'a' }, { queue: 'b' }]);
  expect(scraped.sum('tsworker_queue_jobs', { queue: 'a' })).toBe(2);
  expect(scraped.sum('tsworker_queue_jobs', { queue: 'b' })).toBe(0);
  expect(scraped.sum('tsworker_quarantined', { queue: 'a' })).toBe(0);
  expect(scraped.sum('tsworker_quarantined', { queue: 'b' })).toBe(1);
  expect(scraped.sum('tsworker_queue_paused', { queue: 'a' })).toBe(0);
  expect(scraped.sum('tsworker_queue_paused', { queue: 'b' })).toBe(1);
  expect(scraped.series('tsworker_queue_head_age_seconds')).toEqual([{ queue: 'a' }]);
  expect(scraped.sum('tsworker_queue_head_age_seconds')).toBeCloseTo(60, -1);
  expect(scraped.sum('tsworker_resque_processed_total')).toBe(12);
  expect(scraped.sum('tsworker_resque_failed_total')).toBe(3);
  expect(scraped.sum('tsworker_failed_list_jobs')).toBe(3);
  expect(scraped.sum('tsworker_redis_up')).toBe(1);
});

test('many scrapes at once, or soon after each other, ask once', async () => {
  const one = collector();
  await Promise.all(Array.from({ length: 20 }, () => one.samples()));
  await one.samples();
  expect(await callsOf('llen')).toBe(5);
});

test('keys that hold something else are left out, and nothing else is', async () => {
  await redis.client.set('resque:queue:a', 'no list');
  await redis.client.set('resque:stat:failed', 'no number');
  const scraped = await scrape();
  expect(scraped.series('tsworker_queue_jobs')).toEqual([{ queue: 'b' }]);
  expect(scraped.series('tsworker_resque_failed_total')).toEqual([]);
  expect(scraped.series('tsworker_resque_processed_total')).toEqual([{}]);
  expect(refusals).toEqual([]);
});

test('the smallest ACL and one command more suffice; without that the figures are left out, which is told once', async () => {
  const scrapeAs = async (...more: string[]): Promise<Scraped> => {
    await redis.client.aclSetUser('w', ['reset', 'on', '>secret', '~resque:*', ...SMALLEST_ACL, ...more]);
    connection = await testConnection(redis.uri.replace('unix://', 'unix://w:secret@'));
    return await scrape();
  };
  await redis.client.rPush('resque:queue:a', JSON.stringify({ class: 'A', enqueued_at: new Date().toISOString() }));
  expect((await scrapeAs(ACL_OF_HTTP)).series('tsworker_queue_head_age_seconds')).toHaveLength(1);
  expect(refusals).toEqual([]);
  const scraped = await scrapeAs();
  expect(scraped.series('tsworker_queue_head_age_seconds')).toEqual([]);
  expect(scraped.series('tsworker_queue_jobs')).toHaveLength(2);
  expect(scraped.sum('tsworker_redis_up')).toBe(1);
  expect(refusals).toEqual([expect.stringMatching(/^NOPERM.*lindex/)]);
  expect(prose('config/README.md')).toContain(`With \`-http\` add \`${ACL_OF_HTTP}\``);
});

describe('a Redis that does not answer', () => {
  test('is down, soon', async () => {
    redis.pause();
    try {
      const [scraped, answers] = await Promise.all([scrape(), collector().answers()]);
      expect(scraped.sum('tsworker_redis_up')).toBe(0);
      expect(scraped.series('tsworker_resque_processed_total')).toEqual([]);
      expect(answers).toBe(false);
    } finally {
      redis.resume();
    }
    await until(() => collector().answers());
  });

  test('is down before the first connection, and after the last', async () => {
    connection = undefined;
    expect((await scrape()).sum('tsworker_redis_up')).toBe(0);
    expect(await collector().answers()).toBe(false);
  });
});
