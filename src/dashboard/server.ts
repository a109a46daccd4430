/** The dashboard as a process of its own: where it listens, and how it reaches Redis. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { showHttp } from '../config/http.js';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import type { WebSettings } from '../config/web.js';
import { TsworkerError } from '../errors.js';
import { connect } from '../redis/connect.js';
import { connectOptions } from '../redis/options.js';
import { createKeys } from '../resque/keys.js';
import { createApp } from './app.js';
import { credentials } from './guard/users.js';
import { HealingConnection } from './model/healing-connection.js';
import type { Access, DashboardLog } from './options.js';

/** A reply that takes longer never comes. */
const SILENCE_MS = 5000;

export interface DashboardServer {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws TsworkerError USAGE for wrong credentials, HTTP where it cannot listen */
export async function serveDashboard(
  { settings, web }: { settings: Settings; web: WebSettings },
  log: DashboardLog,
): Promise<DashboardServer> {
  const access = accessOf(web);
  const uri = maskUri(settings.uri);
  const redis = connectOptions(settings, `tsworker:${process.pid}:web`, SILENCE_MS);
  const connection = new HealingConnection((signal) => connect(redis, uri, { patient: false }, signal));
  const app = createApp({
    ...web,
    ...{ connection, keys: createKeys(settings.namespace), uri, namespace: settings.namespace, label: settings.label },
    ...{ pruneAfterMs: settings.pruneAfter * 1000, heartbeatMs: settings.heartbeat * 1000 },
    ...{ forcePrune: settings.forcePrune, onDead: settings.onDead },
    ...{ schedulerLockPrefix: settings.schedulerLockPrefix, access, base: undefined, log },
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  const end = async () => {
    await app.close();
    await connection.close();
  };
  try {
    await listen(server, web);
  } catch (error) {
    await end();
    throw refusal(web, error as NodeJS.ErrnoException);
  }
  if (access.kind === 'login' && !isLoopback(web.host) && web.baseUrl?.protocol !== 'https:')
    log.warn({}, 'dashboard: passwords go over plain http: put a proxy with https before it, and give -base-url');
  return {
    url: `http://${showHttp({ host: web.host, port: (server.address() as AddressInfo).port })}/`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
      await end();
    },
  };
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** @throws TsworkerError USAGE where others would reach it and nobody has to log in */
function accessOf({ password, users, host }: WebSettings): Access {
  const known = credentials(password, users);
  if (!known.empty) return { kind: 'login', credentials: known };
  if (users !== undefined)
    throw new TsworkerError('USAGE', 'the users file has no line: nobody could log in', {
      hint: 'tsworker web user ada -role=operator makes one',
    });
  if (isLoopback(host)) return { kind: 'local' };
  throw new TsworkerError('USAGE', `-host=${host}: others would reach the dashboard, and nobody has to log in`, {
    hint: 'set TSWORKER_WEB_PASSWORD, or -web-users=file with a line for each user: tsworker web user ada -role=operator makes one',
  });
}

function listen(server: ReturnType<typeof createAdaptorServer>, { host, port }: WebSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      // A connection that breaks is its client's matter.
      server.on('error', () => {});
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: -port chooses another, 0 takes a free one',
  EACCES: 'we may not listen there: ports below 1024 need privileges',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

function refusal({ host, port }: WebSettings, cause: NodeJS.ErrnoException): TsworkerError {
  const reason = REASONS[cause.code ?? ''] ?? cause.message;
  return new TsworkerError('HTTP', `the dashboard cannot listen on ${showHttp({ host, port })}: ${reason}`, { cause });
}
