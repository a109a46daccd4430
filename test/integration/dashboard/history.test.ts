/** The history: who measures, how often, how much is kept; and what the overview shows of it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { readHistory, takeSample } from '../../../src/resque/history.js';
import { createKeys } from '../../../src/resque/keys.js';
import { startDashboard } from '../../support/dashboard.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

const keys = createKeys('resque:');
let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
  connection = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
});
beforeEach(async () => {
  await redis.client.flushAll();
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

const nowS = () => Math.floor(Date.now() / 1000);
const entries = () => redis.client.lRange(keys.history, 0, -1);
const hourEntries = () => redis.client.lRange(keys.historyHours, 0, -1);

/** So many entries, one of each minute, the newest of this one. */
async function fillMinutes(count: number, processed: (minutesAgo: number) => number): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => `${nowS() - i * 60} ${processed(i)} 0 ${i} 0`);
  await redis.client.rPush(keys.history, all);
}

test('the first call of a minute measures, the others change nothing', async () => {
  await redis.client.set(keys.processed, '12');
  await redis.client.sAdd(keys.queues, ['a', 'b', 'empty']);
  await redis.client.rPush(keys.queue('a'), ['1', '2']);
  await redis.client.rPush(keys.queue('b'), '3');
  await redis.client.rPush(keys.failed, '4');
  const [entry] = await Promise.all(Array.from({ length: 20 }, () => takeSample(connection, keys)));
  expect(entry).toMatch(/^\d{10} 12 0 3 1$/);
  // Twenty calls, and at most one change of the minute.
  expect((await entries()).length).toBeLessThanOrEqual(2);
  expect((await entries()).at(-1)).toBe(entry);
  expect((await hourEntries()).at(-1)).toBe(entry);
  expect(await redis.client.ttl(keys.history)).toBeGreaterThan(99 * 86_400);
  expect(await redis.client.ttl(keys.historyHours)).toBeGreaterThan(99 * 86_400);
});

test('a new minute is a new entry, a new hour one of each; no more are kept than can be shown', async () => {
  const old = (ago: number) => `${nowS() - ago} 1 1 1 1`;
  await redis.client.rPush(keys.history, new Array(2880).fill(old(60)));
  await redis.client.rPush(keys.historyHours, new Array(2160).fill(old(3600)));
  const newest = await takeSample(connection, keys);
  const [minutes, hours] = [await entries(), await hourEntries()];
  expect([minutes.length, minutes[0], minutes[1]]).toEqual([2880, newest, old(60)]);
  expect([hours.length, hours[0]]).toEqual([2160, newest]);
});

test('what others put there is neither trusted nor in the way', async () => {
  await redis.client.set(keys.processed, 'many');
  await redis.client.set(keys.failed, 'no list');
  await redis.client.rPush(keys.history, ['junk', '99999999999 1 2 3 4', '{}', '1764000000 1 2 3 4', '\x00']);
  const newest = await takeSample(connection, keys);
  expect(newest).toMatch(/^\d{10} - 0 0 -$/);
  const { minutes } = await readHistory(connection, keys);
  expect(minutes.map(({ at, processed }) => [at, processed])).toEqual([
    [1_764_000_000_000, 1],
    [Number(newest.slice(0, 10)) * 1000, undefined],
    [99_999_999_999_000, 1],
  ]);
});

test('the jobs of more than a thousand queues are not added up', async () => {
  await redis.client.sAdd(
    keys.queues,
    Array.from({ length: 1001 }, (_, i) => `q${i}`),
  );
  expect(await takeSample(connection, keys)).toMatch(/^\d{10} 0 0 - 0$/);
});

test('a user who may push but not trim adds nothing, so that no list grows without end', async () => {
  await redis.client.sendCommand(['ACL', 'SETUSER', 'short', 'on', '>secret', '~*', '+@all', '-ltrim']);
  const uri = redis.uri.replace('://', '://short:secret@');
  const short = await connect({ uri, name: 'test', silenceMs: 0 }, uri);
  try {
    await expect(takeSample(short, keys)).rejects.toThrow(/can't run this command|no permissions/);
    expect(await entries()).toEqual([]);
  } finally {
    await short.close();
  }
});

interface HistoryJson {
  readonly range: string;
  readonly stepSeconds: number;
  readonly points: readonly { readonly processedPerSecond: number | null }[];
}

test('who looks measures, and sees a drawing, a table and JSON of the same figures', async () => {
  await fillMinutes(90, (ago) => (ago > 10 ? 1_000_000 - ago * 120 : 5000 - ago * 120));
  const dashboard = await startDashboard(redis);
  const { history } = (await dashboard.json('/')) as unknown as { history: HistoryJson };
  expect([history.range, history.stepSeconds, history.points.length]).toEqual(['1h', 60, 60]);
  const rates = history.points.map(({ processedPerSecond }) => processedPerSecond);
  // The counter was reset ten minutes ago: that minute says nothing, and nothing is negative.
  expect(new Set(rates.map((rate) => rate && Math.round(rate * 1000) / 1000))).toEqual(new Set([2]));
  const page = await (await dashboard.ask('/?range=6h')).text();
  expect(page).toContain('aria-current="true">6h</a>');
  expect(page).toMatch(/<svg viewBox="0 0 72 100"/);
  // Where nobody measured there is no line.
  expect(page).toMatch(/class="line" d="M5[2-4] /);
  expect(page).not.toContain('style=');
  expect(page).toMatch(/<details id="history-table">/);
  expect((await dashboard.json('/?range=junk')).history).toMatchObject({ range: '1h' });
});

test('a dashboard that is only to show measures nothing', async () => {
  const dashboard = await startDashboard(redis, { readOnly: true });
  expect(await (await dashboard.ask('/')).text()).toContain('not measured');
  expect(await redis.client.exists([keys.history, keys.historyHours])).toBe(0);
  const other = await startDashboard(redis);
  await other.ask('/');
  expect(await entries()).toHaveLength(1);
});

test('a key of another type leaves the rest of the page as it is', async () => {
  await redis.client.set(keys.history, 'no list');
  await redis.client.set(keys.processed, '4711');
  const page = await (await (await startDashboard(redis)).ask('/')).text();
  expect(page).toContain('4,711');
  expect(page).toContain('not measured');
  expect(page).not.toContain('WRONGTYPE');
});

test('every range of a full history is a small page', async () => {
  const seed = (i: number) => 1000 + ((i * 7919) % 997);
  const entry = (seconds: number, i: number) =>
    `${nowS() - seconds} ${9e9 - i * seed(i)} ${9e6 - i * 31} ${seed(i)} 17`;
  await redis.client.rPush(
    keys.history,
    Array.from({ length: 2880 }, (_, i) => entry(i * 60, i)),
  );
  await redis.client.rPush(
    keys.historyHours,
    Array.from({ length: 2160 }, (_, i) => entry(i * 3600, i)),
  );
  const dashboard = await startDashboard(redis);
  for (const range of ['1h', '6h', '24h', '48h', '90d']) {
    const response = await dashboard.ask(`/?range=${range}`, { headers: { 'accept-encoding': 'gzip' } });
    expect((await response.arrayBuffer()).byteLength, range).toBeLessThanOrEqual(15_000);
  }
});
