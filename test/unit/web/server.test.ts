import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { json, type Page, type Pages, plain, WebServer } from '../../../src/web/server.js';
import { until } from '../../support/until.js';

const failures: string[] = [];
const servers: WebServer[] = [];
afterEach(async () => {
  failures.length = 0;
  for (const server of servers.splice(0)) await server.stop();
});

const PAGES: Pages = {
  '/text': () => plain(200, 'grüße'),
  '/json': async () => json(503, { ready: false }),
  '/broken': () => {
    throw new Error('boom');
  },
};

function server(port = 0, host = '127.0.0.1'): WebServer {
  const made = new WebServer({ host, port }, PAGES, (path, error) => failures.push(`${path}: ${error}`));
  servers.push(made);
  return made;
}

async function started(host?: string): Promise<WebServer> {
  const one = server(0, host);
  await one.start();
  return one;
}

describe('pages', () => {
  test('are served with their status and type, with and without a query', async () => {
    const { url } = await started();
    const text = await fetch(`${url}/text?x=1`);
    expect([text.status, text.headers.get('content-type'), await text.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'grüße\n',
    ]);
    const made = await fetch(`${url}/json`);
    expect([made.status, made.headers.get('cache-control'), await made.json()]).toEqual([
      503,
      'no-store',
      { ready: false },
    ]);
  });

  test('that are not there are named', async () => {
    const { url } = await started();
    for (const path of ['/constructor', '/text/', '//text']) {
      const missing = await fetch(`${url}${path}`);
      expect([missing.status, await missing.text()]).toEqual([404, 'nothing here; there are /text, /json, /broken\n']);
    }
  });

  test('are listed at the root', async () => {
    const { url } = await started();
    const root = await fetch(url);
    expect([root.status, await root.text()]).toEqual([200, '/text\n/json\n/broken\n']);
  });

  test('that fail are told of, and say nothing of why', async () => {
    const { url } = await started();
    const broken = await fetch(`${url}/broken`);
    expect([broken.status, await broken.text()]).toEqual([500, 'this page could not be made; the log says why\n']);
    expect(failures).toEqual(['/broken: Error: boom']);
  });

  test('are only read', async () => {
    const { url } = await started();
    const head = await fetch(`${url}/text`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${url}/text`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

/** As a client says it: fetch sends its own Host. */
async function ask(url: string, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
  socket.end(['GET /text HTTP/1.0', ...lines, '', ''].join('\r\n'));
  let answer = '';
  for await (const data of socket) answer += data;
  return answer.slice(9, 12);
}

describe('on the loopback', () => {
  test.each(['localhost', 'localhost:9090', '127.0.0.1:1', '127.9.9.9', '[::1]:80', 'LOCALHOST', 'my.localhost'])(
    'it answers who calls it %s',
    async (host) => expect(await ask((await started()).url, `Host: ${host}`)).toBe('200'),
  );

  test.each(['evil.example', 'evil.example:9090', '10.0.0.1', '127.0.0.1.evil.example', 'localhost.evil.example', ''])(
    'it refuses who calls it %j',
    async (host) => expect(await ask((await started()).url, `Host: ${host}`)).toBe('403'),
  );

  test('a client that names no host is no browser', async () => {
    expect(await ask((await started()).url)).toBe('200');
  });

  test('elsewhere every name is as good', async () => {
    const { url } = await started('0.0.0.0');
    expect(await ask(url, 'Host: metrics.example')).toBe('200');
  });
});

test('silent connections keep nobody out: the oldest makes room', async () => {
  const { url } = await started();
  const port = Number(new URL(url).port);
  const closed: number[] = [];
  const silent = Array.from({ length: 300 }, (_, i) =>
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .on('close', () => closed.push(i))
      .resume(),
  );
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  expect((await fetch(`${url}/text`)).status).toBe(200);
  await until(() => closed.length > 100, { what: 'the oldest are closed' });
  expect(closed).toContain(0);
  expect(closed).not.toContain(299);
  for (const socket of silent) socket.destroy();
});

test('a connection on which a request is being answered is not closed for another', async () => {
  let answer = (_: Page) => {};
  const page = new Promise<Page>((resolve) => {
    answer = resolve;
  });
  const slow = new WebServer(
    { host: '127.0.0.1', port: 0 },
    { '/slow': () => page, '/': () => plain(200, 'x') },
    () => {},
  );
  servers.push(slow);
  await slow.start();
  const waiting = fetch(`${slow.url}/slow`);
  // Answered behind it: the slow one has begun.
  await fetch(slow.url);
  const port = Number(new URL(slow.url).port);
  const silent = Array.from({ length: 300 }, () =>
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  expect((await fetch(slow.url)).status).toBe(200);
  answer(plain(200, 'late'));
  expect(await (await waiting).text()).toBe('late\n');
  for (const socket of silent) socket.destroy();
});

test('a connection that says nothing, or half of something, is closed after a while', async () => {
  const times = { headersTimeout: 100, requestTimeout: 100, keepAliveTimeout: 100, connectionsCheckingInterval: 20 };
  const quick = new WebServer({ host: '127.0.0.1', port: 0 }, PAGES, () => {}, times);
  servers.push(quick);
  await quick.start();
  const port = Number(new URL(quick.url).port);
  const ended = [
    '',
    'GET /text HTTP/1.1\r\nHost: ',
    'GET /text HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx',
  ].map(async (text) => {
    const socket = connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(text);
    await closed;
  });
  await Promise.all(ended);
});

test('serves on another address of this machine', async () => {
  const { url } = await started('::1');
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetch(`${url}/text`)).status).toBe(200);
});

describe('an address that cannot be used', () => {
  test('in use: an error that says so, and that it may try again', async () => {
    const first = await started();
    const port = Number(new URL(first.url).port);
    const second = server(port);
    await expect(second.start()).rejects.toMatchObject({
      code: 'HTTP',
      message: `-http: cannot listen on 127.0.0.1:${port}: the port is in use`,
      hint: expect.stringContaining('another'),
    });
    await first.stop();
    await second.start();
    expect((await fetch(`${second.url}/text`)).status).toBe(200);
  });

  test('of another machine', async () => {
    await expect(server(9090, '192.0.2.1').start()).rejects.toMatchObject({
      message: '-http: cannot listen on 192.0.2.1:9090: this machine has no such address',
    });
  });
});

test('stops at once, whatever is open; starting and stopping twice change nothing', async () => {
  const one = await started();
  const { url } = one;
  await one.start();
  expect(one.url).toBe(url);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // Half a request, which never ends.
  await new Promise<void>((resolve) => socket.write('GET /text HTTP/1.1\r\n', () => resolve()));
  await fetch(`${url}/text`);
  await one.stop();
  await one.stop();
  await closed;
  await expect(fetch(`${url}/text`)).rejects.toThrow();
});

test('a client that talks nonsense gets no answer that helps, and harms nobody', async () => {
  const { url } = await started();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('\u0016\u0003\u0001 nonsense\r\n\r\n');
  socket.resume();
  await closed;
  expect((await fetch(`${url}/text`)).status).toBe(200);
});
