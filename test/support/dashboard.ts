/** The dashboard in this process, called like by a browser or a script, without a socket. */
import { onTestFinished } from 'vitest';
import { createApp } from '../../src/dashboard/app.js';
import type { DashboardOptions } from '../../src/dashboard/options.js';
import { connect } from '../../src/redis/connect.js';
import type { Connection } from '../../src/redis/connection.js';
import { connectOptions } from '../../src/redis/options.js';
import { createKeys } from '../../src/resque/keys.js';
import type { TestRedis } from './redis.js';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly httpVersion?: string;
}

export const ORIGIN = 'http://127.0.0.1:5678';

export interface TestDashboard {
  readonly log: readonly LogEntry[];
  readonly connection: Connection;
  ask(path: string, asked?: Asked): Promise<Response>;
  /** Sends a form like one of its own pages. */
  post(path: string, form: Readonly<Record<string, string>>, asked?: Asked): Promise<Response>;
  json(path: string, asked?: Asked): Promise<Record<string, unknown>>;
}

/** Ends with the test. */
export async function startDashboard(
  redis: TestRedis,
  options: Partial<DashboardOptions> = {},
): Promise<TestDashboard> {
  const namespace = options.namespace ?? 'resque:';
  const connection =
    options.connection ??
    (await connect(connectOptions({ uri: redis.uri }, 'test', 5000), redis.uri, { patient: false }));
  const log: LogEntry[] = [];
  const write = (level: LogEntry['level']) => (fields: object, text: string) =>
    void log.push({ level, fields: fields as LogEntry['fields'], text });
  const app = createApp({
    ...{ connection, keys: createKeys(namespace), uri: 'redis://test/', namespace, label: 'web' },
    ...{
      pruneAfterMs: 300_000,
      heartbeatMs: 60_000,
      forcePrune: false,
      onDead: 'requeue',
      schedulerLockPrefix: '',
      access: { kind: 'local' },
    },
    ...{ host: '127.0.0.1', hosts: [], baseUrl: undefined, base: undefined, trustProxy: false, readOnly: false },
    ...{ title: 'tsworker', color: undefined, frameAncestors: [], links: [], redact: {} },
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    ...options,
  });
  onTestFinished(async () => {
    await app.close();
    await connection.close();
  });
  const ask = async (path: string, asked: Asked = {}) => {
    const { method = 'GET', form, body, headers = {}, address = '127.0.0.1', httpVersion = '1.1' } = asked;
    const sent = form === undefined ? body : new URLSearchParams(form).toString();
    const type: Record<string, string> =
      form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const request = new Request(`${ORIGIN}${path}`, {
      method,
      headers: { host: '127.0.0.1:5678', ...type, ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const socket = { remoteAddress: address, localAddress: '127.0.0.1' };
    return await app.fetch(request, { incoming: { httpVersion, socket } });
  };
  return {
    log,
    connection,
    ask,
    post: (path, form, asked = {}) =>
      ask(path, { method: 'POST', form, ...asked, headers: { 'sec-fetch-site': 'same-origin', ...asked.headers } }),
    json: async (path, asked = {}) => {
      const response = await ask(path, { ...asked, headers: { accept: 'application/json', ...asked.headers } });
      return (await response.json()) as Record<string, unknown>;
    },
  };
}
