/**
 * The dashboard as one function from request to response: the guards, in their order, then the page or the action that the
 * last segment of the address names. Knows no page.
 */
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { isConnectionError } from '../redis/connection-errors.js';
import { isDenied } from '../redis/permissions.js';
import { act } from './actions/act.js';
import { Assets } from './assets.js';
import { type Client, clientOf, type Env, lastSegment } from './client.js';
import { Failures } from './failures/failures.js';
import { NOT_KEPT, securityHeaders } from './guard/headers.js';
import { isKnownHost } from './guard/host.js';
import { Identity } from './guard/identity.js';
import { crossSiteProblem, isPartOfOtherSite } from './guard/origin.js';
import { proxySign } from './guard/proxy.js';
import { Hub } from './live/hub.js';
import { Budget, paced } from './model/budget.js';
import { Notes } from './model/notes.js';
import { Once } from './model/once.js';
import { Reader } from './model/reader.js';
import { Operations } from './operations/operations.js';
import type { DashboardOptions } from './options.js';
import { Redactor } from './redact/redactor.js';
import { errorResponse, show } from './respond.js';
import { findPage } from './routes/all.js';
import { Login } from './routes/login.js';
import { countsOf } from './routes/navigation.js';
import { type Dashboard, HttpError } from './routes/page.js';

const MOST_BODY = 64 * 1024;

export interface App {
  fetch(request: Request, bindings?: object): Promise<Response>;
  readonly dashboard: Dashboard;
  close(): Promise<void>;
}

export function createApp(options: DashboardOptions): App {
  const { connection } = options;
  const reader = new Reader(options);
  const redactor = new Redactor(options.redact);
  const pages = paced(connection, new Budget(20, 20));
  const failures = new Failures({ pages, acting: connection, keys: options.keys, redactor });
  const dashboard: Dashboard = {
    options,
    keys: options.keys,
    connection: pages,
    acting: connection,
    reader,
    hub: new Hub(reader, countsOf),
    once: new Once(),
    redactor,
    notes: new Notes(),
    assets: new Assets(),
    failures,
    operations: new Operations({
      ...{ connection, keys: options.keys, redactor, log: options.log },
      onTaken: (ids) => failures.index.taken(ids),
    }),
  };
  const app = new Hono<Env>();
  app.use(identifyClient(options), headers(options), ...guards(dashboard), compress());
  app.all('*', (c) => dispatch(dashboard, c.get('client')));
  app.onError((error, c) => failure(dashboard, c.get('client'), error));
  return {
    dashboard,
    fetch: async (request, bindings) => await app.fetch(request, bindings),
    close: async () => {
      dashboard.hub.close();
      await Promise.all([reader.close(), failures.close(), dashboard.operations.close()]);
    },
  };
}

/** In this order: what is refused early costs little, and learns little. */
function guards(dashboard: Dashboard): MiddlewareHandler<Env>[] {
  const { options, assets } = dashboard;
  const identity = new Identity(options);
  const login = new Login(dashboard, identity);
  return [
    async (c, next) => slashMissing(c.get('client'), options) ?? (await next()),
    guard((client) => checkHost(client, options)),
    guard((client) => checkLocal(client, options)),
    guard(({ header }) => {
      if (isPartOfOtherSite(header))
        refuse(403, 'a page of another site may lead here, and may not load anything here');
    }),
    async (c, next) => assets.respond(lastSegment(c.req.path), c.req.header('accept-encoding')) ?? (await next()),
    bodyLimit({ maxSize: MOST_BODY, onError: () => refuse(413, `a form has at most ${MOST_BODY} bytes`) }),
    guard(({ method, header }) => {
      const problem = crossSiteProblem({ method, header, baseUrl: options.baseUrl });
      if (problem !== undefined) refuse(403, `this request does not come from a page of this dashboard: ${problem}`);
    }),
    async (c, next) => (await admit(c.get('client'), identity, login)) ?? (await next()),
  ];
}

function guard(check: (client: Client) => void): MiddlewareHandler<Env> {
  return async (c, next) => {
    check(c.get('client'));
    await next();
  };
}

function refuse(status: HttpError['status'], message: string): never {
  throw new HttpError(status, message);
}

function identifyClient(options: DashboardOptions): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('client', clientOf(c, options));
    await next();
  };
}

function headers({ frameAncestors }: DashboardOptions): MiddlewareHandler<Env> {
  const fixed = Object.entries(securityHeaders(frameAncestors));
  return async (c, next) => {
    await next();
    for (const [name, value] of fixed) c.res.headers.set(name, value);
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', NOT_KEPT);
    for (const cookie of c.get('client').cookies) c.res.headers.append('set-cookie', cookie);
    c.res.headers.append('vary', 'Accept, Cookie, Part');
  };
}

/** `/jobs` is not `/jobs/`: every relative address would lead beside it. */
function slashMissing({ mountedPath }: Client, { base, baseUrl }: DashboardOptions): Response | undefined {
  const bases = [base, baseUrl?.pathname].map((path) => path?.replace(/\/+$/, ''));
  const isBase = mountedPath.stripped === '/' && mountedPath.full !== '' && !mountedPath.full.endsWith('/');
  if (!isBase && !bases.some((path) => path !== undefined && path !== '' && path === mountedPath.full))
    return undefined;
  const segment = lastSegment(mountedPath.full);
  return new Response(null, { status: 308, headers: { location: `${encodeURIComponent(segment)}/` } });
}

function checkHost({ header, localAddress }: Client, { host, hosts, baseUrl }: DashboardOptions): void {
  if (host === undefined) return;
  const called = header('host');
  const more = localAddress === undefined ? hosts : [...hosts, localAddress];
  if (isKnownHost(called, { host, hosts: more, baseUrl })) return;
  refuse(
    421,
    `this dashboard is not called ${JSON.stringify(called ?? '')}: -web-hosts or -base-url says what it is called`,
  );
}

function checkLocal({ header, httpVersion }: Client, { access }: DashboardOptions): void {
  if (access.kind !== 'local') return;
  const sign = proxySign(header, httpVersion);
  if (sign !== undefined) refuse(403, `a proxy stands before me (${sign}), and nobody has to log in: set a password`);
}

/** @returns a response for who may not look, or has to log in first */
async function admit(client: Client, identity: Identity, login: Login): Promise<Response | undefined> {
  const user = await identity.of(client);
  if (user === undefined) return await login.answer(client);
  if (user instanceof Response) return user;
  client.user = user;
  return login.leave(client);
}

async function dispatch(dashboard: Dashboard, client: Client): Promise<Response> {
  const { method, segment } = client;
  if (method === 'POST') return await act(dashboard, client);
  if (method !== 'GET' && method !== 'HEAD')
    throw new HttpError(405, 'only GET, HEAD and POST are answered here', { allow: 'GET, HEAD, POST' });
  // The response to HEAD has no body, and nobody would ever end the stream.
  if (segment === 'events' && method === 'HEAD')
    throw new HttpError(405, 'the events are answered to GET only', { allow: 'GET' });
  if (segment === 'events') return dashboard.hub.open() ?? refuse(503, 'too many look on: ask every ten seconds');
  const page = findPage(segment);
  if (page === undefined) throw new HttpError(404, `there is no page ${JSON.stringify(segment)} here`);
  return await show(dashboard, client, page);
}

async function failure(dashboard: Dashboard, client: Client, error: unknown): Promise<Response> {
  if (error instanceof HttpError) return await errorResponse(dashboard, client, error);
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (isConnectionError(error) || isRefusal(message))
    return await errorResponse(dashboard, client, new HttpError(503, `Redis: ${message}`));
  if (isDenied(error))
    return await errorResponse(dashboard, client, new HttpError(503, `the user of this dashboard may not: ${message}`));
  dashboard.options.log.error({ err: error, path: client.segment }, 'dashboard: a page could not be made');
  return await errorResponse(dashboard, client, new HttpError(500, 'this page could not be made; the log says why'));
}

function isRefusal(message: string): boolean {
  return /^(LOADING|BUSY|OOM|READONLY|MISCONF|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|WRONGTYPE|NOPERM|ERR)\b/.test(
    message,
  );
}
