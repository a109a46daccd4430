/** The checks before every page and action: host names, origins, proxies, logins, roles, headers. As matrices. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTION_TABLE, tableOf } from '../../../src/dashboard/actions/all.js';
import { ACTIONS, type ActionName, ROLES, type Role } from '../../../src/dashboard/guard/roles.js';
import { credentials, tokenLine, userLine } from '../../../src/dashboard/guard/users.js';
import type { Access, DashboardOptions } from '../../../src/dashboard/options.js';
import { PAGES } from '../../../src/dashboard/routes/all.js';
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

const start = (options: Partial<DashboardOptions> = {}) => startDashboard(redis, options);
const PASSWORD = 'correct horse';
const withPassword: Access = { kind: 'login', credentials: credentials(PASSWORD, undefined) };

async function login(dashboard: Awaited<ReturnType<typeof start>>, form: Record<string, string>, address?: string) {
  const response = await dashboard.post('/login', form, address === undefined ? {} : { address });
  return { response, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] };
}

describe('the Host header', () => {
  test.each([
    ['127.0.0.1:5678', 200],
    ['localhost', 200],
    ['localhost:9999', 200],
    ['[::1]:5678', 200],
    ['LOCALHOST:1', 200],
    ['jobs.example.org', 200],
    ['jobs.example.org:8080', 200],
    ['other.example.org:8443', 200],
    ['other.example.org', 421],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example', 421],
    ['evil.example@127.0.0.1', 421],
    ['', 421],
  ])('%s is answered with %i', async (host, status) => {
    const dashboard = await start({
      hosts: ['jobs.example.org'],
      baseUrl: new URL('https://other.example.org:8443/'),
      access: withPassword,
    });
    const response = await dashboard.ask('/login', { headers: { host } });
    expect(response.status).toBe(status);
  });

  test('is not looked at where it is mounted', async () => {
    const dashboard = await start({ host: undefined, access: { kind: 'mounted', authorize: 'open' } });
    expect((await dashboard.ask('/', { headers: { host: 'anything.example' } })).status).toBe(200);
  });
});

describe('requests of other sites', () => {
  const host = 'jobs.example.org';
  const sites = [undefined, 'same-origin', 'same-site', 'cross-site', 'none'] as const;
  const origins = [undefined, `http://${host}`, 'https://base.example', 'http://evil.example', 'null'] as const;
  const bodies = [
    'application/x-www-form-urlencoded',
    'application/json',
    'text/plain',
    'multipart/form-data',
    '',
  ] as const;
  const { token, line } = tokenLine('ci', 'admin');
  const who = { none: {}, cookie: { cookie: 'tsworker_x=1' }, token: { authorization: `Bearer ${token}` } } as const;

  /** What the algorithm of Go's CrossOriginProtection says, written down once more. */
  function isOurs(site: string | undefined, origin: string | undefined, as: keyof typeof who): boolean {
    if (site !== undefined) return site === 'same-origin';
    if (origin !== undefined) return origin === `http://${host}` || origin === 'https://base.example';
    return as === 'token';
  }

  test('are refused, whatever their method, content type and login', async () => {
    const dashboard = await start({
      host: undefined,
      baseUrl: new URL('https://base.example/'),
      access: { kind: 'login', credentials: credentials(undefined, line) },
    });
    let seen = 0;
    for (const site of sites)
      for (const origin of origins)
        for (const type of bodies)
          for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
            for (const as of Object.keys(who) as (keyof typeof who)[]) {
              const headers: Record<string, string> = { host, ...who[as] };
              if (site !== undefined) headers['sec-fetch-site'] = site;
              if (origin !== undefined) headers.origin = origin;
              if (type !== '') headers['content-type'] = type;
              const response = await dashboard.ask('/theme', { method, headers, body: 'theme=next' });
              const what = JSON.stringify({ site, origin, type, method, as });
              const text = await response.text();
              if (isOurs(site, origin, as)) expect(text, what).not.toContain('does not come from a page');
              else {
                expect(response.status, what).toBe(403);
                expect(text, what).toContain('does not come from a page');
              }
              seen++;
            }
    expect(seen).toBe(sites.length * origins.length * bodies.length * 4 * 3);
  });

  test('the answer names the header and the setting', async () => {
    const dashboard = await start();
    const response = await dashboard.ask('/theme', {
      method: 'POST',
      headers: { origin: 'http://localhost:1' },
      body: '',
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/Origin is .*localhost:1.*Host is .*127\.0\.0\.1:5678.*-base-url/s);
  });
});

describe('without credentials', () => {
  test.each([
    ['x-forwarded-for', '10.0.0.1'],
    ['x-forwarded-host', 'example.org'],
    ['x-forwarded-proto', 'https'],
    ['forwarded', 'for=10.0.0.1'],
    ['x-real-ip', '10.0.0.1'],
    ['via', '1.1 proxy'],
    ['referer', 'https://example.org/page'],
    ['origin', 'https://example.org'],
  ])('a request with %s is refused: a proxy stands before it', async (name, value) => {
    const dashboard = await start();
    const response = await dashboard.ask('/', { headers: { [name]: value } });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('a proxy stands before me');
  });

  test('so is HTTP/1.0; a page of its own is not', async () => {
    const dashboard = await start();
    expect((await dashboard.ask('/', { httpVersion: '1.0' })).status).toBe(403);
    const headers = { referer: 'http://localhost:5678/queues', origin: 'http://127.0.0.1:5678' };
    expect((await dashboard.ask('/', { headers })).status).toBe(200);
  });

  test('with a password a proxy may stand before it', async () => {
    const dashboard = await start({ access: withPassword });
    expect((await dashboard.ask('/', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).toBe(303);
  });
});

describe('without a session', () => {
  test.each(PAGES.map(({ path }) => [path]))('the page "%s" leads to the login', async (path) => {
    const dashboard = await start({ access: withPassword });
    const response = await dashboard.ask(`/prefix/${path}?name=x`);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/^login\?to=/);
    expect((await dashboard.ask(`/${path}`, { headers: { accept: 'application/json' } })).status).toBe(401);
  });

  test.each([...Object.keys(ACTIONS), 'nothing', 'events'])('nothing is done by POST %s', async (name) => {
    const dashboard = await start({ access: withPassword });
    expect((await dashboard.post(`/${name}`, { agreed: 'yes' })).status).toBe(401);
  });
});

describe('a login', () => {
  test('leads back to the page, and its cookie is for scripts of nobody', async () => {
    const dashboard = await start({ access: withPassword });
    const { response, cookie } = await login(dashboard, { password: PASSWORD, to: 'queue?name=a%2Fb' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('queue?name=a%2Fb');
    expect(response.headers.get('set-cookie')).toMatch(/^tsworker_[0-9a-f]{6}=\S+; HttpOnly; SameSite=Lax$/);
    expect((await dashboard.ask('/queues', { headers: { cookie } })).status).toBe(200);
  });

  test('its cookie is for https alone where the browser speaks it', async () => {
    const dashboard = await start({ access: withPassword, baseUrl: new URL('https://example.org/') });
    const { response } = await login(dashboard, { password: PASSWORD });
    expect(response.headers.get('set-cookie')).toContain('; Secure');
  });

  test.each([
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'a/b',
    '\r\nx: y',
    'login',
  ])('never leads to %j', async (to) => {
    const dashboard = await start({ access: withPassword });
    const { response } = await login(dashboard, { password: PASSWORD, to });
    expect(response.headers.get('location')).toBe('./');
  });

  test('a changed cookie is nobody; so is every one after another password', async () => {
    const dashboard = await start({ access: withPassword });
    const { cookie } = await login(dashboard, { password: PASSWORD });
    const [name, value] = cookie.split('=');
    const [user, begun, seen, signature] = value.split('~');
    for (const forged of [
      `${user}~${begun}~${Number(seen) + 1}~${signature}`,
      `root~${begun}~${seen}~${signature}`,
      `${user}~${begun}~${seen}~`,
      `${user}~${begun}~${seen}`,
      '~~~',
      '',
    ])
      expect((await dashboard.ask('/', { headers: { cookie: `${name}=${forged}` } })).status, forged).toBe(303);
    const other = await start({ access: { kind: 'login', credentials: credentials('another password', undefined) } });
    expect((await other.ask('/', { headers: { cookie } })).status).toBe(303);
    const same = await start({ access: { kind: 'login', credentials: credentials(PASSWORD, undefined) } });
    expect((await same.ask('/', { headers: { cookie } })).status).toBe(200);
  });

  test('after five wrong ones of an address, and thirty of all, it is too often', async () => {
    const dashboard = await start({ access: withPassword });
    for (let i = 0; i < 5; i++)
      expect((await login(dashboard, { password: `wrong ${i}` }, '10.0.0.1')).response.status).toBe(403);
    const { response } = await login(dashboard, { password: PASSWORD }, '10.0.0.1');
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await login(dashboard, { password: PASSWORD }, '10.0.0.2')).response.status).toBe(303);
    for (let i = 5; i < 30; i++) await login(dashboard, { password: 'wrong' }, `10.0.1.${i}`);
    expect((await login(dashboard, { password: PASSWORD }, '10.0.0.3')).response.status).toBe(429);
  });

  test('a forwarded address counts only where the proxy is trusted', async () => {
    for (const trustProxy of [false, true]) {
      const dashboard = await start({ access: withPassword, trustProxy });
      const attempt = (from: string) =>
        dashboard.post('/login', { password: 'wrong' }, { headers: { 'x-forwarded-for': `spoofed, ${from}` } });
      for (let i = 0; i < 5; i++) await attempt('10.0.0.1');
      expect((await attempt('10.0.0.1')).status).toBe(429);
      expect((await attempt('10.0.0.2')).status).toBe(trustProxy ? 403 : 429);
    }
  });

  test('by name, by token, and a logout', async () => {
    const { token, line } = tokenLine('ci', 'operator');
    const file = `# people\n${await userLine('ada', 'admin', 'difference engine')}\n\n${line}\n`;
    const dashboard = await start({ access: { kind: 'login', credentials: credentials(undefined, file) } });
    expect(await (await dashboard.ask('/login')).text()).toContain('name="name"');
    expect((await login(dashboard, { name: 'ada', password: 'wrong wrong' })).response.status).toBe(403);
    expect((await login(dashboard, { name: 'eve', password: 'difference engine' })).response.status).toBe(403);
    const { cookie } = await login(dashboard, { name: 'ada', password: 'difference engine' });
    expect(await (await dashboard.ask('/', { headers: { cookie } })).text()).toContain('ada');
    const out = await dashboard.post('/logout', {}, { headers: { cookie } });
    expect(out.headers.get('set-cookie')).toMatch(/^tsworker_\w+=; .*Max-Age=0/);
    expect((await dashboard.ask('/', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await dashboard.ask('/', { headers: { authorization: 'Bearer wrong' } })).status).toBe(303);
    const lines = dashboard.log.map(({ fields }) => (fields.audit as { action: string }).action);
    expect(lines).toEqual(['login', 'login', 'login', 'logout']);
  });

  test.each([
    ['ada', 'line 1'],
    ['ada:boss:sha256$00', 'the role must be viewer, operator, admin'],
    ['ada:viewer:secret', 'no password hash'],
    ['a b:viewer:x', 'letters, digits'],
  ])('the line %j of a users file is refused, and not shown', (line, message) => {
    expect(() => credentials(undefined, line)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => credentials(undefined, line)).toThrow(message);
    expect(() => credentials(undefined, 'ada:viewer:secret')).not.toThrow('secret');
  });
});

describe('roles', () => {
  const as = (role: Role): Access => ({ kind: 'mounted', authorize: () => ({ name: role, role }) });
  const isEnough = (role: Role, least: Role) => ROLES.indexOf(role) >= ROLES.indexOf(least);

  test('every action has a row, and what has none cannot be registered', () => {
    for (const name of ACTION_TABLE.keys()) expect(Object.keys(ACTIONS)).toContain(name);
    const unknown = { name: 'explode' as ActionName, target: () => '', run: async () => ({}) as never };
    expect(() => tableOf([unknown])).toThrow('no row');
  });

  test.each(ROLES)('%s: what is too much is refused, and told of', async (role) => {
    for (const readOnly of [false, true]) {
      const dashboard = await start({ host: undefined, access: as(role), readOnly });
      for (const [name, least] of Object.entries(ACTIONS)) {
        if (name === 'logout') continue;
        const response = await dashboard.post(`/${name}`, {});
        if (isEnough(readOnly ? 'viewer' : role, least)) expect(response.status, name).not.toBe(403);
        else {
          expect(response.status, name).toBe(403);
          expect(dashboard.log.at(-1)?.fields.audit, name).toMatchObject({ action: name, refused: expect.any(String) });
        }
      }
    }
  });

  test.each([
    [undefined, 403],
    [{ name: 'x', role: 'root' }, 403],
    [{ name: 'x' }, 403],
    ['admin', 403],
    [Response.redirect('https://login.example/', 302), 302],
    [{ name: 'x', role: 'viewer' }, 200],
  ])('a program that mounts it and says %j', async (answer, status) => {
    const dashboard = await start({ host: undefined, access: { kind: 'mounted', authorize: () => answer as never } });
    const response = await dashboard.ask('/');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('every response', () => {
  test.each(['/', '/queues', '/nothing', '/queue?name=nothing', '/worker?id=nothing', '/login', '/jobs/queues'])(
    '%s has the headers',
    async (path) => {
      const dashboard = await start();
      const { headers } = await dashboard.ask(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).not.toMatch(/unsafe|data:|\*/);
      for (const one of ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"])
        expect(policy).toContain(one);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('vary')).toContain('Accept');
    },
  );

  test('is an error for other methods and too long forms', async () => {
    const dashboard = await start();
    const headers = { 'sec-fetch-site': 'same-origin' };
    expect((await dashboard.ask('/queues', { method: 'DELETE', headers })).status).toBe(405);
    expect((await dashboard.ask('/theme', { method: 'POST', headers, body: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await dashboard.ask('/theme', { method: 'GET' })).status).toBe(404);
    expect((await dashboard.ask('/queues', { method: 'HEAD' })).status).toBe(200);
  });
});
