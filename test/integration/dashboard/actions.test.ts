/** Actions on queues, waiting jobs and workers: exactly once, logged, and limited to what was confirmed. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEntry } from '../../../src/recurring/entry.js';
import { setText } from '../../../src/recurring/set-text.js';
import { createKeys } from '../../../src/resque/keys.js';
import { envelopeHead } from '../../../src/resque/retry-state.js';
import { publishSchedule } from '../../../src/resque/schedules.js';
import { startDashboard, type TestDashboard } from '../../support/dashboard.js';
import { fill } from '../../support/dashboard-data.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { snapshot } from '../../support/snapshot.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
let dashboard: TestDashboard;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.sAdd('resque:queues', ['mail', 'low']);
  await redis.client.rPush('resque:queue:mail', [1, 2, 3, 4, 5].map(job));
  dashboard = await startDashboard(redis);
});
afterAll(() => redis.stop());

const job = (id: number) => `{"class":"Job", "args":[${id}, 12345678901234567890]}`;
const named = (id: number, index = id - 1) => `${index}-${createHash('sha1').update(job(id)).digest('hex')}`;
const queue = (name: string) => redis.client.lRange(`resque:queue:${name}`, 0, -1);
const ids = async (name: string) => (await queue(name)).map((text) => JSON.parse(text).args[0]);

/** Does it, as a script; the answer. */
async function act(name: string, form: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await dashboard.ask(`/${name}`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(form),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

const audits = () =>
  dashboard.log.flatMap(({ fields }) => ('audit' in fields ? [fields.audit as Record<string, unknown>] : []));

describe('queues', () => {
  test('all workers are paused and go on', async () => {
    expect(await act('pauseall', {})).toMatchObject({ status: 200, paused: true });
    expect(await redis.client.get('resque:pause-all-workers')).toBe('true');
    expect(await act('resumeall', {})).toMatchObject({ paused: false });
    expect(await redis.client.exists('resque:pause-all-workers')).toBe(0);
  });

  test('one is paused, for a while or until it is resumed', async () => {
    await act('pause', { name: 'mail' });
    expect(await redis.client.pTTL('resque:pause:queue:mail')).toBe(-1);
    await act('pause', { name: 'mail', minutes: 15 });
    expect(await redis.client.pTTL('resque:pause:queue:mail')).toBeGreaterThan(14 * 60_000);
    await act('resume', { name: 'mail' });
    expect(await redis.client.exists('resque:pause:queue:mail')).toBe(0);
    expect(await act('pause', { name: 'nothing' })).toMatchObject({ status: 404 });
    expect(await redis.client.keys('*pause*')).toEqual([]);
  });

  test('all jobs move in their order, byte for byte, and no more than were agreed to', async () => {
    const asked = await act('move', { name: 'mail', to: 'low' });
    expect(asked).toMatchObject({ status: 409, preview: { most: 5 } });
    await redis.client.rPush('resque:queue:mail', job(6));
    expect(await act('move', { name: 'mail', to: 'low', most: 5, agreed: 'yes' })).toMatchObject({ done: 5 });
    expect(await queue('low')).toEqual([1, 2, 3, 4, 5].map(job));
    expect(await ids('mail')).toEqual([6]);
  });

  test.each([
    ['', 400],
    ['mail', 400],
    ['a,b', 400],
  ])('nothing moves to %j', async (to, status) => {
    // The history goes on, whatever is asked.
    const seen = async () => (await snapshot(redis.client)).filter(([key]) => !key.includes(':tsworker:history'));
    const before = await seen();
    expect(await act('move', { name: 'mail', to, most: 5, agreed: 'yes' })).toMatchObject({ status });
    expect(await seen()).toEqual(before);
  });

  test('chosen jobs are found where they have moved to, and those that are gone are said', async () => {
    await redis.client.lPop('resque:queue:mail');
    const result = await act('movejobs', { name: 'mail', to: 'low', job: [named(1), named(3), named(4)] });
    expect(result).toMatchObject({ done: 2, gone: 1 });
    expect(await ids('low')).toEqual([3, 4]);
    expect(await ids('mail')).toEqual([2, 5]);
  });

  test('of equal jobs as many go as were chosen', async () => {
    await redis.client.rPush('resque:queue:mail', [job(2), job(2)]);
    await act('removejobs', { name: 'mail', job: [named(2), named(2, 5)], agreed: 'yes' });
    expect((await ids('mail')).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  test('removal is asked first, and removes what was chosen', async () => {
    expect(await act('removejobs', { name: 'mail', job: named(2) })).toMatchObject({
      status: 409,
      preview: { jobs: 1 },
    });
    expect(await ids('mail')).toEqual([1, 2, 3, 4, 5]);
    await act('removejobs', { name: 'mail', job: named(2), agreed: 'yes' });
    expect(await ids('mail')).toEqual([1, 3, 4, 5]);
    expect(await act('purge', { name: 'mail' })).toMatchObject({ status: 409, preview: { most: 4 } });
    await act('purge', { name: 'mail', most: 3, agreed: 'yes' });
    expect(await ids('mail')).toEqual([5]);
    expect(await act('removequeue', { name: 'mail', agreed: 'yes' })).toMatchObject({ status: 400 });
    expect(await act('removequeue', { name: 'mail', agreed: 'yes', typed: 'mail' })).toMatchObject({ removed: 1 });
    expect(await redis.client.sMembers('resque:queues')).toEqual(['low']);
  });

  test('a quarantine is released to the head', async () => {
    await redis.client.rPush('resque:tsworker:quarantine:mail', [job(8), job(9)]);
    await redis.client.sAdd('resque:tsworker:quarantine', 'mail');
    expect(await act('release', { name: 'mail' })).toMatchObject({ released: 2 });
    expect(await ids('mail')).toEqual([8, 9, 1, 2, 3, 4, 5]);
  });
});

describe('jobs that wait for a time', () => {
  const item = (id: number) => `{"class":"Job","args":[${id}],"queue":"mail"}`;
  const time = '1900000000';
  const delayed = (id: number) => {
    const sha1 = createHash('sha1').update(`${time} `).update(item(id)).digest('hex');
    return `${Number(time) * 1000}-${sha1}`;
  };

  test('delayed ones run now, or are removed', async () => {
    await redis.client.zAdd('resque:delayed_queue_schedule', { score: Number(time), value: time });
    for (const id of [1, 2, 3]) {
      await redis.client.rPush(`resque:delayed:${time}`, item(id));
      await redis.client.sAdd(`resque:timestamps:${item(id)}`, `delayed:${time}`);
    }
    const page = await dashboard.json('/delayed');
    expect(page.times).toMatchObject([{ time, size: 3 }]);
    await redis.client.del('resque:queue:mail');
    expect(await act('rundelayed', { delayed: [delayed(1), delayed(2)] })).toMatchObject({ done: 2 });
    expect(await queue('mail')).toEqual(['{"class":"Job","args":[1]}', '{"class":"Job","args":[2]}']);
    expect(await act('removedelayed', { delayed: delayed(3) })).toMatchObject({ status: 409 });
    expect(await act('removedelayed', { delayed: delayed(3), agreed: 'yes' })).toMatchObject({ done: 1 });
    expect(await redis.client.exists('resque:delayed_queue_schedule')).toBe(0);
    expect(await act('removedelayed', { delayed: delayed(3), agreed: 'yes' })).toMatchObject({ done: 0, gone: 1 });
  });

  test('retries run now, or are removed', async () => {
    const state = (id: string) => ({ id, attempt: 2, postponed: 0, firstFailedAt: undefined, errors: [] });
    for (const [i, id] of ['r1', 'r2'].entries())
      await redis.client.zAdd('resque:tsworker:retries:mail', {
        score: Date.now() + 60_000,
        value: `${envelopeHead('mail', state(id))}"payload":${job(i + 7)}}`,
      });
    await redis.client.zAdd('resque:tsworker:retries', { score: Date.now() + 60_000, value: 'mail' });
    const page = await dashboard.json('/retries');
    const shown = (page.jobs as { id: string }[]).map(({ id }) => id);
    expect(shown).toHaveLength(2);
    expect(await act('runretries', { retry: `${shown[0]} mail` })).toMatchObject({ done: 1 });
    expect(await queue('mail')).toContain(job(7));
    expect(await act('removeretries', { retry: `${shown[1]} mail`, agreed: 'yes' })).toMatchObject({ done: 1 });
    expect(await redis.client.exists('resque:tsworker:retries:mail')).toBe(0);
  });
});

test('the dead are pruned, and their jobs recovered, after a question that names them', async () => {
  await redis.client.flushAll();
  await fill(redis.client);
  const asked = await act('prune', {});
  expect(asked).toMatchObject({ status: 409, preview: { workers: [{ id: 'ruby1:4711:*', job: 'Crop' }] } });
  expect(await redis.client.sIsMember('resque:workers', 'ruby1:4711:*')).toBe(1);
  const failed = await redis.client.lLen('resque:failed');
  expect(await act('prune', { agreed: 'yes' })).toMatchObject({ pruned: ['ruby1:4711:*'], jobs: 1 });
  expect(await redis.client.sIsMember('resque:workers', 'ruby1:4711:*')).toBe(0);
  expect(await redis.client.lLen('resque:failed')).toBe(failed + 1);
});

test('each is told of once: who, from where, what, and what came of it; a question is not', async () => {
  await act('pause', { name: 'mail' });
  await act('removejobs', { name: 'mail', job: named(1) });
  await act('resume', { name: 'nothing' });
  expect(audits()).toMatchObject([
    { user: 'local', role: 'admin', from: '127.0.0.1', action: 'pause', target: 'mail', result: { queue: 'mail' } },
    { action: 'resume', target: 'nothing', refused: expect.stringContaining('there is no queue') },
  ]);
});

test('a browser is led to the page, which says what was done, once and only as it was', async () => {
  const response = await dashboard.post('/pause', { name: 'mail' });
  expect(response.status).toBe(303);
  const to = response.headers.get('location') as string;
  expect(to).toMatch(/^queue\?name=mail&note=[0-9a-f]{8}$/);
  expect(await (await dashboard.ask(`/${to}`)).text()).toContain('The queue mail is paused.');
  expect(await (await dashboard.ask('/queue?name=mail&note=The+queue+is+gone')).text()).not.toContain('gone');
});

test('a recurring job is enqueued once, paused, and goes on', async () => {
  const entry = readEntry('nightly', { cron: '0 3 * * *', class: 'Report', queue: 'low' }, 'here');
  const set = setText({ entries: [{ ...entry, queue: 'low' }], dynamic: false, environment: undefined });
  await publishSchedule(dashboard.connection, createKeys('resque:'), { app: 'app', startedMs: 1, set });
  expect(await dashboard.json('/schedules')).toMatchObject({ schedules: [{ name: 'nightly', paused: false }] });
  await act('runschedule', { name: 'nightly' });
  expect((await queue('low')).map((text) => JSON.parse(text).class)).toEqual(['Report']);
  await act('pauseschedule', { name: 'nightly' });
  await until(async () => JSON.stringify(await dashboard.json('/schedules')).includes('"paused":true'));
  await act('resumeschedule', { name: 'nightly' });
  await until(async () => JSON.stringify(await dashboard.json('/schedules')).includes('"paused":false'));
  expect(await act('runschedule', { name: 'nothing' })).toMatchObject({ status: 404 });
});

test('an order goes to workers of tsworker alone, and is told of as it was answered', async () => {
  await redis.client.flushAll();
  await fill(redis.client);
  expect(await act('canceljob', { id: 'web1:22393:mail' })).toMatchObject({ status: 200, kind: 'foreign' });
  expect(await act('stopworker', { id: 'web1:22393:mail' })).toMatchObject({ status: 200, kind: 'foreign' });
  expect(await act('quietworker', { id: 'nobody:1-0:q' })).toMatchObject({ status: 404 });
  await redis.client.hSet('resque:tsworker:machines', 'web1:22394', 'x');
  expect(await act('quietworker', { id: 'web1:22394-0:mail,reports' })).toMatchObject({ kind: 'nobody' });
});
