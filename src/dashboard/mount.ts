/** The dashboard in a program of yours: one handler for `fetch`, one for Node's requests, whatever the framework. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import { DEFAULT_URI, maskUri } from '../config/uri.js';
import { type BadgeColor, checkLooks, type WebConfig } from '../config/web.js';
import { TsworkerError } from '../errors.js';
import { connect, connectLike } from '../redis/connect.js';
import type { RedisClient } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { createKeys } from '../resque/keys.js';
import { createApp } from './app.js';
import { HealingConnection } from './model/healing-connection.js';
import type { Authorize, DashboardLog } from './options.js';

export type { Role, User } from './guard/roles.js';
export type { Authorize, DashboardLog } from './options.js';

export interface MountOptions {
  /**
   * Who asks: a user with the role viewer, operator or admin; a Response, such as a redirect to your login; or nothing, for
   * somebody who may not look. `'open'`: everybody may do everything.
   */
  readonly authorize: Authorize | 'open';
  /** A client of node-redis 5 or newer, connected or not: a duplicate of it is used. */
  readonly redis?: unknown;
  /** As -uri. Default `$REDIS_URL`, else `redis://localhost:6379/`. Not beside `redis`. */
  readonly uri?: string;
  /** Prefix of every Redis key. Default `resque:`. */
  readonly namespace?: string;
  /** The path below which it is mounted, where the framework strips none and asks for it without its slash: `/jobs`. */
  readonly base?: string;
  /** Nobody may change anything. */
  readonly readOnly?: boolean;
  readonly title?: string;
  readonly color?: BadgeColor;
  readonly redact?: WebConfig['redact'];
  readonly links?: WebConfig['links'];
  readonly frameAncestors?: readonly string[];
  /** The address that browsers show, where a proxy changes Host. */
  readonly baseUrl?: string;
  /** A pino logger, or the like: a line for each action. Default: none is written. */
  readonly log?: DashboardLog;
}

export interface MountedDashboard {
  fetch(request: Request): Promise<Response>;
  node(request: IncomingMessage, response: ServerResponse): void;
  /** Ends its connection to Redis. */
  close(): Promise<void>;
}

const SILENCE_MS = 5000;
const NO_LOG: DashboardLog = { info: () => {}, warn: () => {}, error: () => {} };

/** @throws TsworkerError USAGE where it is not said who may look */
export function dashboard(options: MountOptions): MountedDashboard {
  const { authorize, namespace = 'resque:', baseUrl } = options;
  if (authorize !== 'open' && typeof authorize !== 'function')
    throw new TsworkerError('USAGE', 'dashboard() needs authorize: a function that says who asks', {
      hint: "return { name, role } or nothing; authorize: 'open' lets everybody in, to do everything",
    });
  const looks = checkLooks(options, '');
  const { connection, uri } = connectionOf(options);
  const app = createApp({
    ...{ connection, keys: createKeys(namespace), uri, namespace, label: `${hostname()}.web` },
    // As Resque has them.
    ...{ pruneAfterMs: 300_000, heartbeatMs: 60_000, forcePrune: false, onDead: 'requeue', schedulerLockPrefix: '' },
    ...{ access: { kind: 'mounted', authorize }, host: undefined, hosts: [], trustProxy: false },
    ...{ base: options.base?.replace(/\/+$/, ''), baseUrl: baseUrl === undefined ? undefined : new URL(baseUrl) },
    ...{ readOnly: options.readOnly ?? false, title: options.title ?? 'tsworker', color: options.color },
    ...looks,
    log: options.log ?? NO_LOG,
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return {
    fetch: (request) => app.fetch(request),
    node: (request, response) => void listener(request, response),
    close: async () => {
      await app.close();
      await connection.close();
    },
  };
}

function connectionOf({ redis, uri = process.env.REDIS_URL || DEFAULT_URI }: MountOptions) {
  if (redis !== undefined) {
    const client = redis as RedisClient;
    const open = (signal: AbortSignal) => connectLike(client, SILENCE_MS, { patient: false }, signal);
    return { connection: new HealingConnection(open), uri: 'the Redis of this program' };
  }
  const shown = maskUri(uri);
  const settings = connectOptions({ uri }, `tsworker:${process.pid}:dashboard`, SILENCE_MS);
  const open = (signal: AbortSignal) => connect(settings, shown, { patient: false }, signal);
  return { connection: new HealingConnection(open), uri: shown };
}
