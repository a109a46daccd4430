import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { json, type Pages, plain, WebServer } from '../../../src/web/server.js';

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
  it('are served with their status and type, with and without a query', async () => {
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

  it('that are not there are named', async () => {
    const { url } = await started();
    for (const path of ['/', '/constructor', '/text/', '//text']) {
      const missing = await fetch(`${url}${path}`);
      expect([missing.status, await missing.text()]).toEqual([404, 'nothing here; there are /text, /json, /broken\n']);
    }
  });

  it('that fail are told of, and say nothing of why', async () => {
    const { url } = await started();
    const broken = await fetch(`${url}/broken`);
    expect([broken.status, await broken.text()]).toEqual([500, 'this page could not be made; the log says why\n']);
    expect(failures).toEqual(['/broken: Error: boom']);
  });

  it('are only read', async () => {
    const { url } = await started();
    const head = await fetch(`${url}/text`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${url}/text`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

it('serves on another address of this machine', async () => {
  const { url } = await started('::1');
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetch(`${url}/text`)).status).toBe(200);
});

describe('an address that cannot be used', () => {
  it('in use: an error that says so, and that it may try again', async () => {
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

  it('of another machine', async () => {
    await expect(server(9090, '192.0.2.1').start()).rejects.toMatchObject({
      message: '-http: cannot listen on 192.0.2.1:9090: this machine has no such address',
    });
  });
});

it('stops at once, whatever is open; starting and stopping twice change nothing', async () => {
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

it('a client that talks nonsense gets no answer that helps, and harms nobody', async () => {
  const { url } = await started();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('\u0016\u0003\u0001 nonsense\r\n\r\n');
  socket.resume();
  await closed;
  expect((await fetch(`${url}/text`)).status).toBe(200);
});
