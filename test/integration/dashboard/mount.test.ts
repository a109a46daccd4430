/** Mounted in other programs: behind any prefix, kept or stripped, with a body that was read before, or as a fetch handler. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { dashboard, type MountOptions } from '../../../src/dashboard/mount.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  await redis.client.sAdd('resque:queues', 'a/b');
});
afterAll(() => redis.stop());

function mount(options: Partial<MountOptions> = {}) {
  const mounted = dashboard({ uri: redis.uri, authorize: 'open', ...options });
  onTestFinished(() => mounted.close());
  return mounted;
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As a browser: follows links as they are written, and sends its forms with an Origin. */
async function walk(origin: string, base: string): Promise<void> {
  const overview = await fetch(`${origin}${base}`);
  expect(overview.url).toBe(`${origin}${base}/`);
  const text = await overview.text();
  const style = /href="(style[^"]+)"/.exec(text)?.[1] ?? 'missing';
  expect((await fetch(new URL(style, overview.url))).headers.get('content-type')).toContain('text/css');
  const queues = await fetch(new URL('queues', overview.url));
  const link = /href="(queue\?[^"]+)"/.exec(await queues.text())?.[1] ?? 'missing';
  const queue = await fetch(new URL(link, queues.url));
  expect(await queue.text()).toContain('Queue a/b');
  const form = new URLSearchParams({ name: 'a/b', minutes: '15' });
  const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
  const paused = await fetch(new URL('pause', queue.url), { method: 'POST', headers, body: form.toString() });
  expect(paused.url).toContain(`${origin}${base}/queue?name=a%2Fb&note=`);
  expect(await paused.text()).toContain('The queue a/b is paused for 15m');
  expect(await redis.client.exists('resque:pause:queue:a/b')).toBe(1);
}

describe('behind a prefix', () => {
  test('that is stripped, with the body parsed before, as express does it', async () => {
    const { node } = mount();
    const origin = await listen(async (request, response) => {
      const given = request as IncomingMessage & { originalUrl?: string; body?: unknown };
      given.originalUrl = request.url;
      given.url = request.url?.replace(/^\/admin\/jobs/, '').replace(/^(?!\/)/, '/');
      const chunks: Buffer[] = [];
      if (request.method === 'POST') for await (const chunk of request) chunks.push(chunk);
      if (chunks.length > 0) given.body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      node(given, response);
    });
    await walk(origin, '/admin/jobs');
  });

  test('with a body of unknown length that was read before', async () => {
    const { node } = mount();
    const origin = await listen(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      node(Object.assign(request, { body }), response);
    });
    const response = await fetch(`${origin}/theme`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new Blob(['before=light&back=queues']).stream(),
      redirect: 'manual',
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(303);
    expect(response.headers.get('set-cookie')).toContain('tsworker_theme=dark');
  });

  test('that is kept, as a proxy or fastify do it', async () => {
    const { node } = mount({ base: '/jobs/' });
    await walk(await listen(node), '/jobs');
  });

  test('in hono, and in a handler like that of Next: a function of a Request', async () => {
    const { fetch: handle } = mount({ base: '/jobs' });
    const app = new Hono();
    app.all('/jobs/*', (c) => handle(c.req.raw));
    const { getRequestListener } = await import('@hono/node-server');
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    await walk(await listen((request, response) => void listener(request, response)), '/jobs');
  });
});

test('with a client of the program, of which it uses a duplicate', async () => {
  const { fetch: handle } = mount({ redis: redis.client, uri: undefined as never });
  const response = await handle(new Request('http://x/queues', { headers: { accept: 'application/json' } }));
  expect(await response.json()).toMatchObject({ queues: [{ name: 'a/b' }] });
  expect(redis.client.isReady).toBe(true);
});

test('who asks is the matter of the program', async () => {
  const roles: Readonly<Record<string, unknown>> = {
    v: { name: 'vera', role: 'viewer' },
    r: Response.redirect('https://x/', 302),
  };
  const { fetch: handle } = mount({ authorize: (request) => roles[request.headers.get('x-user') ?? ''] as never });
  const ask = (user: string, init: RequestInit = {}) =>
    handle(
      new Request('http://x/jobs/pauseall', { ...init, headers: { 'x-user': user, 'sec-fetch-site': 'same-origin' } }),
    );
  expect((await ask('')).status).toBe(403);
  expect((await ask('r')).status).toBe(302);
  expect((await ask('v', { method: 'POST' })).status).toBe(403);
  expect(await redis.client.exists('resque:pause-all-workers')).toBe(0);
  expect(() => dashboard({} as never)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
