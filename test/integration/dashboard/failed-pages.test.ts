/** The pages and actions for failed jobs, for a browser without JavaScript and for a script. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../src/dashboard/guard/roles.js';
import type { DashboardOptions } from '../../../src/dashboard/options.js';
import { entryId } from '../../../src/inspect/failed/entry.js';
import { connect } from '../../../src/redis/connect.js';
import { connectOptions } from '../../../src/redis/options.js';
import { assertConserved, countJobs } from '../../support/conservation.js';
import { startDashboard, type TestDashboard } from '../../support/dashboard.js';
import { MARKUP } from '../../support/dashboard-data.js';
import { entryText, idsIn, keys, pushFailed } from '../../support/failed.js';
import { prose } from '../../support/pages.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ port: true });
});
beforeEach(async () => {
  await redis.client.flushAll();
});
afterAll(() => redis.stop());

const as = (role: Role): Partial<DashboardOptions> => ({
  host: undefined,
  access: { kind: 'mounted', authorize: () => ({ name: 'ada', role }) },
});
const start = (role: Role = 'admin', more: Partial<DashboardOptions> = {}) =>
  startDashboard(redis, { ...as(role), ...more });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const failedIds = async () => idsIn(await redis.client.lRange(keys.failed, 0, -1));
const queuedIds = async (queue = 'mail') => idsIn(await redis.client.lRange(keys.queue(queue), 0, -1));
const nameOf = (n: number, text: string | Buffer) => `${n}@${entryId(Buffer.from(text)).slice(0, 16)}`;

async function page(dashboard: TestDashboard, path: string): Promise<string> {
  const response = await dashboard.ask(path);
  expect(response.status, path).toBe(200);
  return await response.text();
}

/** The fields of the form that posts to this action, as the browser would send them. */
function formOf(html: string, action: string, label?: string): Record<string, string> {
  const forms = [...html.matchAll(/<form method="post" action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)];
  const found = forms.find(([, to, inner]) => to === action && (label === undefined || inner.includes(label)));
  expect(found, `a form for ${action}`).toBeDefined();
  const inputs = [...(found?.[2] ?? '').matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name, decoded(value)]));
}

function decoded(html: string): string {
  return html.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, one: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[one] ?? '',
  );
}

async function postMany(
  dashboard: TestDashboard,
  path: string,
  names: readonly string[],
  more: Record<string, string> = {},
) {
  const form = new URLSearchParams(more);
  for (const name of names) form.append('entry', name);
  const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
  return await dashboard.ask(path, { method: 'POST', headers, body: form.toString() });
}

const audits = ({ log }: TestDashboard) => log.flatMap(({ fields }) => ('audit' in fields ? [fields.audit] : []));

async function operationEnds(dashboard: TestDashboard, location: string | null) {
  return await until(async () => {
    const one = await dashboard.json(`/${location}`);
    return one.state === 'running' ? undefined : one;
  });
}

describe('the page of failures', () => {
  test('says what would stand there', async () => {
    const html = await page(await start(), '/failed');
    expect(html).toContain('No job has failed.');
    expect(html).toContain('tsworker failed');
    expect(await page(await start(), '/failed?class=X')).toContain('No failure matches.');
  });

  test('groups what fails in the same way, and counts it', async () => {
    const now = new Date().toISOString();
    await pushFailed(redis.client, [
      ...range(0, 30).map((id) => entryText(id, { error: `no user ${id}`, failed_at: now })),
      entryText(30, {
        payload: { class: 'Charge', args: [30] },
        queue: 'pay',
        exception: 'Timeout::Error',
        failed_at: '2020/01/02 03:04:05 UTC',
        error: 'slow',
      }),
      '{broken',
    ]);
    const dashboard = await start();
    const html = await page(dashboard, '/failed');
    expect(html).toContain('no user #');
    expect(html).toMatch(/Class.*Mail.*30.*Charge.*1/s);
    expect(html).toContain('Unreadable');
    const json = await dashboard.json('/failed');
    expect(json).toMatchObject({
      ...{ total: 32, known: 32, matching: 32 },
      groups: [
        { class: 'Mail', exception: 'TypeError', error: 'no user #', count: 30, hour: 30, day: 30, n: 29 },
        { class: '', count: 1 },
        { class: 'Charge', exception: 'Timeout::Error', count: 1, last: '2020-01-02T03:04:05.000Z' },
      ],
      queues: [
        { name: 'mail', count: 30 },
        { name: '', count: 1 },
        { name: 'pay', count: 1 },
      ],
    });
    expect(await dashboard.json('/failed?class=Charge')).toMatchObject({ matching: 1 });
    expect(await dashboard.json('/failed?since=1h&queue=mail')).toMatchObject({ matching: 30 });
    expect(await dashboard.json('/failed?before=2020-01-02T03:04:06')).toMatchObject({ matching: 1 });
    expect(await dashboard.json('/failed?unreadable=yes&view=list')).toMatchObject({
      failed: [{ n: 31, unreadable: expect.any(String) }],
    });
  });

  test('lists them one by one, fifty at a time, by links alone', async () => {
    await pushFailed(
      redis.client,
      range(0, 120).map((id) => entryText(id)),
    );
    const dashboard = await start();
    let address: string | undefined = 'failed?view=list';
    const seen: number[] = [];
    while (address !== undefined) {
      const html: string = await page(dashboard, `/${address}`);
      seen.push(...[...html.matchAll(/name="entry" value="(\d+)@/g)].map(([, n]) => Number(n)));
      address = decoded(/<a href="([^"]+)" rel="next"/.exec(html)?.[1] ?? '') || undefined;
    }
    expect(seen).toEqual(range(0, 120).reverse());
  });

  test('searches what is shown, and goes on where it stopped', async () => {
    await pushFailed(
      redis.client,
      range(0, 130).map((id) => entryText(id, { worker: `web${id % 2}:1:q`, error: id % 2 ? 'Odd' : 'even' })),
    );
    const dashboard = await start();
    const first = await dashboard.json('/failed?text=ODD');
    expect((first.failed as { n: number }[]).map(({ n }) => n)).toEqual(
      range(0, 130)
        .reverse()
        .filter((n) => n % 2 === 1)
        .slice(0, 50),
    );
    const rest = await dashboard.json(`/failed?text=ODD&from=${first.next}`);
    expect((rest.failed as unknown[]).length).toBe(15);
    expect(rest.next).toBeNull();
    expect(((await dashboard.json('/failed?worker=web0')).failed as unknown[]).length).toBe(50);
    expect(await page(dashboard, '/failed?text=nothing')).toContain('No failure matches.');
  });

  test('of entries of a megabyte it shows a few at a time', async () => {
    const note = 'x'.repeat(1_000_000);
    await pushFailed(
      redis.client,
      range(0, 10).map((id) => entryText(id, { note })),
    );
    const dashboard = await start();
    const seen: number[] = [];
    for (const address of ['/failed?view=list', '/failed?text=boom']) {
      let next: unknown = '';
      while (next !== null) {
        const some = await dashboard.json(`${address}&from=${next}`);
        const found = (some.failed as { n: number }[]).map(({ n }) => n);
        expect(found.length).toBeLessThan(11);
        seen.push(...found);
        next = some.next;
      }
    }
    expect(seen).toEqual([...range(0, 10).reverse(), ...range(0, 10).reverse()]);
    const searched = await dashboard.json('/failed?text=boom');
    expect((searched.failed as unknown[]).length).toBe(4);
  }, 60_000);

  test('while the index is being read it says so, and no operation on all begins', async () => {
    const note = 'x'.repeat(10_000);
    await pushFailed(
      redis.client,
      range(0, 3500).map((id) => entryText(id, { note })),
    );
    const dashboard = await start();
    const asked = await dashboard.post('/retry-all', {});
    expect(asked.status).toBe(409);
    expect(await asked.text()).toMatch(/\d+ of 3500 failures have been read so far/);
    expect(await page(dashboard, '/failed')).toMatch(/Grouped [\d,]+ of 3,500/);
    await until(async () => (await dashboard.json('/failed')).known === 3500, { timeoutMs: 90_000 });
    expect((await dashboard.post('/retry-all', {})).status).toBe(200);
    expect(await page(dashboard, '/failed')).not.toContain('Grouped');
  }, 120_000);

  test('when Redis goes away it shows the last it knew, and why', async () => {
    await pushFailed(redis.client, [entryText(1)]);
    const dashboard = await start();
    await page(dashboard, '/failed');
    await redis.client.del(keys.failed);
    await redis.client.set(keys.failed, 'no list');
    const html = await until(async () => {
      const text = await page(dashboard, '/failed');
      return text.includes('could not be read') ? text : undefined;
    });
    expect(html).toContain('WRONGTYPE');
    expect(html).toContain('boom #');
  });
});

test('the overview says what fails far more often than the hour before', async () => {
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  await pushFailed(redis.client, [
    ...range(0, 3).map((id) => entryText(id, { failed_at: ago(90) })),
    ...range(3, 15).map((id) => entryText(id, { failed_at: ago(10) })),
    ...range(15, 30).map((id) => entryText(id, { failed_at: ago(90), error: 'often' })),
    ...range(30, 50).map((id) => entryText(id, { failed_at: ago(10), error: 'often' })),
  ]);
  const dashboard = await start();
  const { attention } = await until(async () => {
    const overview = await dashboard.json('/');
    return (overview.attention as unknown[]).length > 0 ? overview : undefined;
  });
  expect(attention).toMatchObject([
    { kind: 'failing', failure: { class: 'Mail', exception: 'TypeError', hour: 12, hourBefore: 3 } },
  ]);
  const html = await page(dashboard, '/');
  expect(html).toContain('12 failed in the last hour, 3 in the hour before');
  expect(html).toMatch(/href="failed\?kind=[0-9a-f]{12}&amp;view=list"/);
});

describe('one failure', () => {
  test('shows message, backtrace, arguments, payload, and what failed with the same payload', async () => {
    const text = entryText(12345678901234567000, {
      backtrace: ['app/mail.rb:4:in perform', '/gems/x.rb:1', '/gems/y.rb:2'],
      error: 'boom <script>alert(1)</script>',
    }).replace('12345678901234567000', '12345678901234567890');
    await pushFailed(redis.client, [text.replace('<script>', ''), text]);
    const dashboard = await start();
    const [n, id] = nameOf(1, text).split('@');
    const html = await page(dashboard, `/failure?n=${n}&id=${id}`);
    expect(html).toContain('boom &lt;script&gt;');
    expect(html).toContain('12345678901234567890');
    expect(html).toContain('2 library frames');
    expect(html).toContain('The same payload failed');
    expect(html).toContain(`tsworker failed show 1@${id.slice(0, 7)}`);
    const response = await dashboard.ask(`/failure?n=${n}&id=${id}`, { headers: { accept: 'application/json' } });
    expect(await response.text()).toContain('12345678901234567890');
  });

  test('is found where it has moved to; where it is gone, that is said', async () => {
    const texts = range(0, 5).map((one) => entryText(one));
    await pushFailed(redis.client, texts);
    await redis.client.lPop(keys.failed);
    const dashboard = await start();
    const [n, id] = nameOf(4, texts[4]).split('@');
    expect(await page(dashboard, `/failure?n=${n}&id=${id}`)).toContain('boom 4');
    const gone = nameOf(0, texts[0]).split('@');
    const response = await dashboard.ask(`/failure?n=${gone[0]}&id=${gone[1]}`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('this failure is gone');
    expect((await dashboard.ask('/failure?n=x&id=y')).status).toBe(400);
  });

  test('of an entry that nobody can read shows what stands there', async () => {
    for (const text of ['', '{', '[1,2]', 'null', '\ud800<b>', '{"payload":7}', '{"payload":{"class":[]}}']) {
      await redis.client.del(keys.failed);
      await pushFailed(redis.client, [text]);
      const dashboard = await start();
      const raw = (await redis.client.lIndex(keys.failed, 0)) ?? '';
      const [n, id] = nameOf(0, raw).split('@');
      expect((await dashboard.ask(`/failure?n=${n}&id=${id}`)).status, text).toBe(200);
      expect((await dashboard.ask('/failed?view=list')).status, text).toBe(200);
      expect((await dashboard.ask('/failed')).status, text).toBe(200);
    }
  });
});

describe('a retry', () => {
  test('of one moves it back to its queue, byte for byte, and is told and audited', async () => {
    await pushFailed(redis.client, [entryText(1), entryText(2)]);
    const dashboard = await start('operator');
    const html = await page(dashboard, `/failure?n=0&id=${nameOf(0, entryText(1)).split('@')[1]}`);
    const response = await dashboard.post('/retry', formOf(html, 'retry'));
    expect(response.status).toBe(303);
    expect(await page(dashboard, `/${response.headers.get('location')}`)).toContain('1 job retried.');
    expect([await queuedIds(), await failedIds()]).toEqual([[1], [2]]);
    expect(audits(dashboard)).toMatchObject([
      { user: 'ada', role: 'operator', action: 'retry', result: { retried: 1 } },
    ]);
    expect(await dashboard.json('/operations')).toMatchObject({
      operations: [{ kind: 'retry', user: 'ada', done: 1, state: 'done' }],
    });
    const again = await dashboard.post('/retry', formOf(html, 'retry'));
    expect(again.status).toBe(409);
    expect(await again.text()).toContain('gone');
    expect(audits(dashboard)).toMatchObject([{}, { action: 'retry', refused: expect.any(String) }]);
    await assertConserved(redis.client, 2);
  });

  test('of those selected goes to another queue where that is known', async () => {
    const texts = range(0, 15).map((id) => entryText(id));
    await pushFailed(redis.client, texts);
    await redis.client.sAdd(keys.queues, 'slow');
    const dashboard = await start('operator');
    const names = texts.map((text, n) => nameOf(n, text));
    expect((await postMany(dashboard, '/retry', names.slice(0, 3), { to: 'nowhere' })).status).toBe(409);
    expect((await postMany(dashboard, '/retry', names.slice(0, 3), { to: 'slow' })).status).toBe(303);
    expect(await queuedIds('slow')).toEqual([0, 1, 2]);
    const asked = await postMany(dashboard, '/retry', names.slice(3));
    expect(asked.status).toBe(200);
    expect(await asked.text()).toContain('Retry 12 jobs?');
    expect((await failedIds()).length).toBe(12);
    // Those that have moved meanwhile are the same.
    expect((await postMany(dashboard, '/retry', names.slice(3), { agreed: 'yes' })).status).toBe(303);
    expect(await queuedIds()).toEqual(range(3, 15));
    expect((await postMany(dashboard, '/retry', [])).status).toBe(400);
    expect((await postMany(dashboard, '/retry', ['../x'])).status).toBe(400);
    await assertConserved(redis.client, 15);
  });

  test('of the newest one shows whether the fault is repaired; then all; some come back', async () => {
    await pushFailed(
      redis.client,
      range(0, 40).map((id) => entryText(id)),
    );
    await pushFailed(redis.client, [entryText(99, { payload: { class: 'Other', args: [99] } })]);
    await redis.client.sAdd(keys.queues, 'mail');
    const dashboard = await start('operator');
    const html = await page(dashboard, '/failed');
    const canary = await dashboard.post('/retry-newest', formOf(html, 'retry-newest', 'Retry 1 of Mail'));
    expect(canary.status).toBe(303);
    expect(await queuedIds()).toEqual([39]);
    const asked = await dashboard.post('/retry-all', formOf(html, 'retry-all', 'Retry all of Mail'));
    const question = await asked.text();
    expect(question).toContain('Retry 39 jobs?');
    expect(question).toContain('nobody works it');
    expect(question).toMatch(/tsworker failed retry -kind=[0-9a-f]{12}/);
    expect(await queuedIds()).toEqual([39]);
    // What fails after the question is not meant by the answer.
    await pushFailed(redis.client, [entryText(100)]);
    const begun = await dashboard.post('/retry-all', formOf(question, 'retry-all'));
    expect(begun.status).toBe(303);
    const location = begun.headers.get('location');
    expect(location).toMatch(/^operation\?id=/);
    expect(await operationEnds(dashboard, location)).toMatchObject({ state: 'done', done: 39, agreed: 39 });
    expect((await queuedIds()).sort((a, b) => a - b)).toEqual(range(0, 40));
    expect(await failedIds()).toEqual([99, 100]);
    const soon = new Date(Date.now() + 1000).toISOString();
    await pushFailed(
      redis.client,
      range(3, 6).map((id) => entryText(id, { failed_at: soon })),
    );
    await until(async () => ((await dashboard.json(`/${location}`)).cameBack as { back: number }).back === 3);
    expect(await page(dashboard, `/${location}`)).toContain('3 of 39 have failed again since');
    expect(await page(dashboard, '/failed')).toContain('came back: 3 of 39 retried');
    expect(audits(dashboard)).toMatchObject([
      { action: 'retry-newest' },
      { action: 'retry-all', result: { operation: expect.any(String) } },
    ]);
  });

  test('of all is asked for by machines in two steps', async () => {
    await pushFailed(
      redis.client,
      range(0, 12).map((id) => entryText(id)),
    );
    const dashboard = await start('operator');
    const headers = { accept: 'application/json' };
    const asked = await dashboard.post('/retry-all', {}, { headers });
    expect(asked.status).toBe(409);
    const { preview } = (await asked.json()) as { preview: { jobs: number; upTo: string } };
    expect(preview.jobs).toBe(12);
    const agreed = { agreed: 'yes', jobs: String(preview.jobs), upto: preview.upTo, rate: '1000' };
    const begun = await dashboard.post('/retry-all', agreed, { headers });
    expect(begun.status).toBe(202);
    const { operation } = (await begun.json()) as { operation: string };
    expect(await operationEnds(dashboard, `operation?id=${operation}`)).toMatchObject({ done: 12, rate: 1000 });
    expect((await dashboard.post('/retry-all', { agreed: 'yes' }, { headers })).status).toBe(409);
    expect((await dashboard.post('/retry-all', { agreed: 'yes', jobs: '5', upto: 'junk' }, { headers })).status).toBe(
      409,
    );
  });

  test('runs at its rate, and is cancelled', async () => {
    await pushFailed(
      redis.client,
      range(0, 100).map((id) => entryText(id)),
    );
    const dashboard = await start('operator');
    const asked = await dashboard.post('/retry-all', {});
    const form = { ...formOf(await asked.text(), 'retry-all'), rate: '10' };
    const begun = await dashboard.post('/retry-all', form);
    const location = begun.headers.get('location');
    expect((await dashboard.post('/retry-all', form)).status).toBe(409);
    await until(async () => (await queuedIds()).length > 1);
    const running = await page(dashboard, `/${location}`);
    expect(running).toContain('<progress');
    expect((await dashboard.post('/cancel', formOf(running, 'cancel'))).status).toBe(303);
    const { state, done } = await operationEnds(dashboard, location);
    expect([state, done]).toEqual(['cancelled', (await queuedIds()).length]);
    expect((await dashboard.post('/cancel', formOf(running, 'cancel'))).status).toBe(409);
    await assertConserved(redis.client, 100);
  });
});

describe('a removal', () => {
  test('is asked for, done, and undone', async () => {
    await pushFailed(
      redis.client,
      range(0, 4).map((id) => entryText(id)),
    );
    const dashboard = await start();
    const names = [1, 2].map((n) => nameOf(n, entryText(n)));
    const asked = await postMany(dashboard, '/remove', names);
    expect(await asked.text()).toContain('Remove 2 jobs?');
    expect(await failedIds()).toEqual(range(0, 4));
    const done = await postMany(dashboard, '/remove', names, { agreed: 'yes' });
    expect(await failedIds()).toEqual([0, 3]);
    const html = await page(dashboard, `/${done.headers.get('location')}`);
    expect(html).toContain('Undo (59m');
    const undone = await dashboard.post('/undo', formOf(html, 'undo'));
    await operationEnds(dashboard, undone.headers.get('location'));
    expect(await failedIds()).toEqual([0, 3, 1, 2]);
    expect((await dashboard.post('/undo', formOf(html, 'undo'))).status).toBe(409);
    await assertConserved(redis.client, 4);
  });

  test('of all that match is bounded, and can be undone', async () => {
    await pushFailed(
      redis.client,
      range(0, 60).map((id) => entryText(id, id % 2 ? { queue: 'low' } : {})),
    );
    const dashboard = await start();
    const asked = await (await dashboard.post('/remove-all', { queue: 'low' })).text();
    expect(asked).toContain('Remove 30 jobs?');
    expect(asked).toContain('It can be undone for an hour.');
    await pushFailed(redis.client, [entryText(61, { queue: 'low' })]);
    const begun = await dashboard.post('/remove-all', formOf(asked, 'remove-all'));
    expect(await operationEnds(dashboard, begun.headers.get('location'))).toMatchObject({ done: 30 });
    expect(await failedIds()).toEqual([...range(0, 60).filter((id) => id % 2 === 0), 61]);
    expect((await countJobs(redis.client)).trashed).toBe(30);
  });

  test('that cannot be undone wants its number typed', async () => {
    await pushFailed(
      redis.client,
      range(0, 20).map((id) => entryText(id, { note: 'x'.repeat(1_000_000) })),
    );
    const dashboard = await start();
    const asked = await until(async () => {
      const text = await (await dashboard.post('/remove-all', {})).text();
      return text.includes('Remove 20 jobs?') ? text : undefined;
    });
    expect(asked).toContain('Type 20 to remove them permanently');
    const form = formOf(asked, 'remove-all');
    expect((await dashboard.post('/remove-all', form)).status).toBe(409);
    expect((await dashboard.post('/remove-all', { ...form, typed: '21' })).status).toBe(409);
    const begun = await dashboard.post('/remove-all', { ...form, typed: '20' });
    expect(await operationEnds(dashboard, begun.headers.get('location'))).toMatchObject({ done: 20, undoUntil: null });
  }, 30_000);
});

describe('secrets', () => {
  const SECRET = 'Zq7XwJ9kLpV';
  const planted = () => [
    entryText(1, {
      payload: { class: 'Login', args: [{ user: 'ada', deep: [{ password: SECRET }] }] },
      error: `token=${SECRET}`,
    }),
    entryText(2, { payload: { class: 'Reset', args: ['ada', SECRET] }, error: `cannot reset to ${SECRET}` }),
    entryText(3, { error: `connect redis://:${SECRET}@db`, backtrace: [`x.rb:1 api_key: ${SECRET}`] }),
    `{"password":"${SECRET}"`,
    entryText(5, { payload: [`token=${SECRET}`] }),
  ];
  const redact = { args: { Reset: [1] } };

  test('stand in no byte that a viewer gets, nor decide a search', async () => {
    const texts = planted();
    await pushFailed(redis.client, texts);
    const dashboard = await start('viewer', { redact });
    const failures = texts.map((text, n) => nameOf(n, text).split('@')).map(([n, id]) => `/failure?n=${n}&id=${id}`);
    const pages = [
      '/failed',
      '/failed?view=list',
      '/failed?view=list&unreadable=yes',
      '/failed?text=ada',
      '/operations',
      ...failures,
    ];
    for (const path of pages)
      for (const accept of ['text/html', 'application/json']) {
        const text = await (await dashboard.ask(path, { headers: { accept } })).text();
        expect(text, `${path} ${accept}`).not.toContain(SECRET);
      }
    for (const word of [SECRET, SECRET.slice(0, 6).toLowerCase()])
      expect(await dashboard.json(`/failed?text=${word}`)).toMatchObject({ failed: [] });
    const [, n, id] = /n=(\d+)&id=(\w+)/.exec(failures[0]) ?? [];
    const refused = await dashboard.post('/reveal', { n, id });
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toContain(SECRET);
  });

  test('nor in the confirmation of an operator; an admin reveals one, which is audited', async () => {
    const texts = planted();
    await pushFailed(redis.client, texts);
    const dashboard = await start('admin', { redact });
    const names = texts.map((text, n) => nameOf(n, text));
    expect(await (await postMany(dashboard, '/remove', names)).text()).not.toContain(SECRET);
    expect(await (await dashboard.post('/remove-all', {})).text()).not.toContain(SECRET);
    expect(await (await postMany(dashboard, '/retry', [names[4]], { agreed: 'yes' })).text()).not.toContain(SECRET);
    const begun = await dashboard.post(
      '/retry-all',
      formOf(await (await dashboard.post('/retry-all', {})).text(), 'retry-all'),
    );
    await operationEnds(dashboard, begun.headers.get('location'));
    for (const path of ['/operations', `/${begun.headers.get('location')}`]) {
      expect(await page(dashboard, path)).not.toContain(SECRET);
      expect(JSON.stringify(await dashboard.json(path))).not.toContain(SECRET);
    }
    expect((await redis.client.hVals(keys.operations)).join()).not.toContain(SECRET);
    await redis.client.del(keys.failed);
    await pushFailed(redis.client, texts);
    const [n, id] = names[1].split('@');
    const shown = await dashboard.post('/reveal', { n, id });
    expect(shown.status).toBe(200);
    expect(await shown.text()).toContain(SECRET);
    expect(audits(dashboard).slice(-1)).toMatchObject([{ action: 'reveal', target: `${n}@${id}`, user: 'ada' }]);
    expect(JSON.stringify(dashboard.log)).not.toContain(SECRET);
  });
});

describe('what others wrote', () => {
  const markup = fc.constantFrom(
    MARKUP,
    `javascript:alert(1)`,
    `" onfocus="x`,
    '</pre><script>',
    '&lt;',
    '\u202e\u0000\u2028',
  );
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), markup, fc.constant(undefined));
  const entry = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record(
        {
          ...{ failed_at: anything, exception: anything, error: anything, backtrace: anything, worker: anything },
          ...{ queue: anything, retried_at: anything, payload_base64: anything },
          payload: fc.oneof(anything, fc.record({ class: anything, args: fc.array(anything, { maxLength: 3 }) })),
        },
        { requiredKeys: [] },
      )
      .map((fields) => Buffer.from(JSON.stringify(fields))),
  );

  test('is text on every page, and breaks none', async () => {
    const dashboard = await start();
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), markup, async (entries, words) => {
        await redis.client.del(keys.failed);
        await redis.client.sendCommand(['RPUSH', keys.failed, ...entries]);
        // What the index knew of the list before is made up for by the next read.
        await dashboard.ask('/failed');
        const names = entries.map((raw, n) => `n=${n}&id=${entryId(raw).slice(0, 16)}`);
        const word = encodeURIComponent(words);
        const fields = ['class', 'queue', 'worker', 'text', 'since', 'before', 'kind'].map((name) => `${name}=${word}`);
        const paths = [
          '/failed',
          '/failed?view=list',
          ...fields.map((field) => `/failed?${field}`),
          `/failure?n=0&id=${word}`,
        ];
        for (const path of [...paths, ...names.map((name) => `/failure?${name}`), `/operation?id=${word}`]) {
          const response = await dashboard.ask(path);
          expect([200, 400, 404], path).toContain(response.status);
          const html = await response.text();
          expect(html, path).not.toMatch(/<script>|<img|\son\w+="/i);
          for (const [, href] of html.matchAll(/(?:href|action)="([^"]*)"/g))
            expect(href).not.toMatch(/^\s*javascript:/i);
          const json = await dashboard.ask(path, { headers: { accept: 'application/json' } });
          expect([200, 400, 404], path).toContain(json.status);
          JSON.parse(await json.text());
        }
        const asked = await postMany(
          dashboard,
          '/remove',
          entries.map((raw, n) => nameOf(n, raw)),
        );
        expect(await asked.text()).not.toMatch(/<script>|<img|\son\w+="/i);
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});

test('the permissions that the documentation names are enough, and reading alone shows everything', async () => {
  const documented = /needs `(\+@read[^`]+)`[\s\S]*?add `([^`]+)`/.exec(prose('config/dashboard.md'));
  const [reads, writes] = [documented?.[1] ?? '', documented?.[2] ?? ''].map((list) => list.split(' '));
  await pushFailed(
    redis.client,
    range(0, 6).map((id) => entryText(id)),
  );
  const asUser = async (rights: readonly string[]) => {
    await redis.client.aclSetUser('web', ['reset', 'on', '>pw', '~resque:*', ...rights]);
    const uri = redis.uri.replace('redis://', 'redis://web:pw@');
    const connection = await connect(connectOptions({ uri }, 'test', 5000), uri, { patient: false });
    return await start('admin', { connection });
  };
  const reader = await asUser(reads);
  for (const path of ['/', '/failed', '/failed?view=list', '/failed?text=boom', '/operations']) {
    const html = await page(reader, path);
    expect(html, path).not.toContain('role="alert"');
  }
  const refused = await reader.post('/retry-newest', {});
  expect(refused.status).toBe(503);
  expect(await failedIds()).toEqual(range(0, 6));
  const writer = await asUser([...reads, ...writes]);
  expect((await writer.post('/retry-newest', {})).status).toBe(303);
  for (const action of ['remove-all', 'retry-all']) {
    const asked = await (await writer.post(`/${action}`, {})).text();
    const begun = await writer.post(`/${action}`, formOf(asked, action));
    const location = begun.headers.get('location');
    expect(await operationEnds(writer, location)).toMatchObject({ state: 'done', done: 5 });
    if (action === 'remove-all') {
      const undone = await writer.post('/undo', formOf(await page(writer, `/${location}`), 'undo'));
      expect(await operationEnds(writer, undone.headers.get('location'))).toMatchObject({ state: 'done', done: 5 });
    }
  }
  await assertConserved(redis.client, 6);
});

test('a viewer sees no button that is not for them, an operator none of an admin', async () => {
  await pushFailed(redis.client, [entryText(1)]);
  const id = nameOf(0, entryText(1)).split('@')[1];
  const actions = async (role: Role) => {
    const dashboard = await start(role);
    const htmls = await Promise.all(
      ['/failed', '/failed?view=list', `/failure?n=0&id=${id}`].map((path) => page(dashboard, path)),
    );
    const names = htmls.flatMap((html) => [...html.matchAll(/(?:form)?action="([a-z-]+)"/g)].map(([, name]) => name));
    return [...new Set(names)].filter((name) => !['failed', 'theme'].includes(name)).sort();
  };
  // The frame of the list stands there for all; its buttons do not.
  expect((await actions('viewer')).filter((name) => name !== 'retry')).toEqual([]);
  expect(await actions('operator')).toEqual(['retry', 'retry-all', 'retry-newest']);
  expect(await actions('admin')).toEqual(['remove', 'remove-all', 'retry', 'retry-all', 'retry-newest', 'reveal']);
  const html = await page(await start('viewer'), '/failed?view=list');
  expect(html).not.toMatch(/Retry|Remove|type="checkbox"/);
});
