/** One request as guards, pages and actions see it. Never throws on what was sent. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { User } from './guard/roles.js';
import type { DashboardOptions } from './options.js';

/** What @hono/node-server hands in; nothing where the dashboard is mounted as a fetch handler. */
interface Bindings {
  readonly incoming?: IncomingMessage & { readonly originalUrl?: unknown; readonly body?: unknown };
}

export interface Env {
  Bindings: Bindings;
  Variables: { client: Client };
}

export interface Client {
  readonly request: Request;
  readonly method: string;
  /** The last of the path: names the page. */
  readonly segment: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  cookie(name: string): string | undefined;
  /** For the audit and the limit of logins. */
  readonly address: string;
  /** Where the connection arrived. */
  readonly localAddress: string | undefined;
  readonly httpVersion: string | undefined;
  /** The browser speaks https, as far as we can know. */
  readonly isSecure: boolean;
  /** The path as the browser has it, and as it came here. */
  readonly mountedPath: { readonly full: string; readonly stripped: string };
  readonly wantsJson: boolean;
  /** Only the middle of the page: for a page that is shown already. */
  readonly wantsPart: boolean;
  form(): Promise<URLSearchParams>;
  /** Set once it is known. */
  user: User | undefined;
  /** Added to the response. */
  readonly cookies: string[];
}

export function clientOf(c: Context<Env>, options: DashboardOptions): Client {
  const { incoming } = (c.env ?? {}) as Bindings;
  const header = (name: string) => c.req.header(name);
  const accept = header('accept') ?? '';
  const original = typeof incoming?.originalUrl === 'string' ? incoming.originalUrl.split('?', 1)[0] : undefined;
  return {
    request: c.req.raw,
    method: c.req.method,
    segment: lastSegment(c.req.path),
    query: new URL(c.req.url).searchParams,
    header,
    cookie: (name) => getCookie(c, name),
    address: addressOf(incoming, header, options.trustProxy),
    localAddress: incoming?.socket?.localAddress?.replace(/^::ffff:/, ''),
    httpVersion: incoming?.httpVersion,
    isSecure: isSecure(c.req.url, header, options),
    mountedPath: { full: original ?? c.req.path, stripped: c.req.path },
    wantsJson: /\bapplication\/json\b/.test(accept) && !/\btext\/html\b/.test(accept),
    wantsPart: header('part') === 'main',
    form: () => readForm(c, incoming),
    user: undefined,
    cookies: [],
  };
}

export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function addressOf(
  incoming: Bindings['incoming'],
  header: (name: string) => string | undefined,
  trustProxy: boolean,
): string {
  // The last one was added by the proxy that is trusted; those before it anybody may have made up.
  const forwarded = trustProxy ? header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return (forwarded || incoming?.socket?.remoteAddress || 'unknown').replace(/^::ffff:/, '').slice(0, 64);
}

function isSecure(
  url: string,
  header: (name: string) => string | undefined,
  { baseUrl, trustProxy }: DashboardOptions,
): boolean {
  if (baseUrl !== undefined) return baseUrl.protocol === 'https:';
  return (trustProxy && header('x-forwarded-proto') === 'https') || url.startsWith('https:');
}

/** By a parser of the program that mounts us. */
export function wasRead(c: Context<Env>): boolean {
  const body = ((c.env ?? {}) as Bindings).incoming?.body;
  return typeof body === 'string' || (typeof body === 'object' && body !== null);
}

/** A form, or a JSON object of texts and lists of texts. A parser of the program that mounts us may have read it before. */
async function readForm(c: Context<Env>, incoming: Bindings['incoming']): Promise<URLSearchParams> {
  const parsed = incoming?.body;
  if (typeof parsed === 'object' && parsed !== null && !Buffer.isBuffer(parsed)) return formOf(parsed);
  const text = typeof parsed === 'string' || Buffer.isBuffer(parsed) ? String(parsed) : await c.req.text();
  if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) return new URLSearchParams(text);
  try {
    return formOf(JSON.parse(text));
  } catch {
    return new URLSearchParams();
  }
}

function formOf(value: unknown): URLSearchParams {
  const form = new URLSearchParams();
  if (typeof value !== 'object' || value === null) return form;
  for (const [name, one] of Object.entries(value))
    for (const item of Array.isArray(one) ? one : [one])
      if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
        form.append(name, String(item));
  return form;
}
