/** What the dashboard costs Redis and the network, counted: nothing while nobody looks, as much for fifty viewers as for one. */

import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Assets } from '../../../src/dashboard/assets.js';
import { Budget } from '../../../src/dashboard/model/budget.js';
import { Once } from '../../../src/dashboard/model/once.js';
import { Serving } from '../../../src/dashboard/model/serving.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { startDashboard } from '../../support/dashboard.js';
import { fill } from '../../support/dashboard-data.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  await fill(redis.client);
});
afterAll(() => redis.stop());

/** A connection that writes down what is sent. */
async function counting(): Promise<{ connection: Connection; sent: string[] }> {
  const inner = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
  const sent: string[] = [];
  const connection: Connection = Object.create(inner);
  connection.send = (args, options) => {
    sent.push(String(args[0]).toUpperCase());
    return inner.send(args, options);
  };
  for (const name of ['close', 'drop', 'limitSilence'] as const)
    Object.defineProperty(connection, name, { value: (inner[name] as (...all: unknown[]) => unknown).bind(inner) });
  Object.defineProperty(connection, 'ready', { get: () => inner.ready });
  Object.defineProperty(connection, 'clustered', { get: () => inner.clustered });
  return { connection, sent };
}

test('fifty who look at the same page cost as much as one, and nothing that grows with the data is read whole', async () => {
  const costs: number[] = [];
  for (const viewers of [1, 50]) {
    const { connection, sent } = await counting();
    const dashboard = await startDashboard(redis, { connection });
    await dashboard.ask('/queues');
    sent.length = 0;
    const begun = performance.now();
    for (let round = 0; round < 8; round++) {
      await Promise.all(Array.from({ length: viewers }, () => dashboard.ask('/queue?name=mail')));
      await sleep(250);
    }
    costs.push(sent.length / ((performance.now() - begun) / 1000));
    expect(sent.filter((name) => ['KEYS', 'SMEMBERS', 'HGETALL'].includes(name))).toEqual([]);
  }
  const [one, fifty] = costs;
  expect(one).toBeLessThan(20);
  expect(fifty).toBeLessThan(one * 1.5 + 3);
});

test('what was asked for stops when nobody asks any more', async () => {
  const { connection, sent } = await counting();
  await startDashboard(redis, { connection });
  expect(sent).toEqual([]);
});

test('a budget lets so many through at once and so many a second, whoever asks', () => {
  let now = 1000;
  const budget = new Budget(5, 10, () => now);
  const waits = Array.from({ length: 20 }, () => budget.take());
  expect(waits.filter((wait) => wait === 0)).toHaveLength(10);
  expect(waits.at(-1)).toBeCloseTo(2000);
  now += 60_000;
  expect(Array.from({ length: 11 }, () => budget.take()).filter((wait) => wait === 0)).toHaveLength(10);
});

test('what several ask for at once is read once, and not kept for more than a second', async () => {
  let now = 0;
  let made = 0;
  const once = new Once(() => now);
  const ask = () => once.get('key', async () => ++made);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  now = 999;
  expect(await ask()).toBe(1);
  now = 1000;
  expect(await ask()).toBe(2);
  await expect(once.get('bad', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('who takes the jobs of a queue: by name, by pattern, and once however often a list names it', () => {
  const serving = new Serving();
  for (const queues of [['mail'], ['mail', 'mail'], ['*'], ['ma*', 'mail'], ['low']]) serving.add(queues);
  expect(serving.of('mail')).toBe(4);
  expect(serving.of('low')).toBe(2);
  expect(serving.of('other')).toBe(1);
});

test('pages and files are small', async () => {
  const dashboard = await startDashboard(redis);
  for (const path of ['/', '/queues', '/queue?name=mail', '/busy', '/workers', '/delayed', '/retries', '/schedules']) {
    const body = await (await dashboard.ask(path)).text();
    expect(gzipSync(body).length, path).toBeLessThanOrEqual(15_000);
  }
  const assets = new Assets();
  const names = ['idiomorph.js', 'live.js', 'times.js', 'keys.js', 'select.js', 'style.css'] as const;
  let bytes = 0;
  for (const name of names) {
    const response = assets.respond(assets.path(name), 'gzip') as Response;
    bytes += (await response.arrayBuffer()).byteLength;
  }
  expect(bytes).toBeLessThanOrEqual(15_000);
});
