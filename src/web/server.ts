/**
 * A small HTTP server for probes and scrapers: a few pages, generated for each request, without authentication. Does not
 * know their content.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HttpAddress, showHttp } from '../config/http.js';
import { TsworkerError } from '../errors.js';
import type { Service } from '../service.js';
import { ConnectionLimit } from './connection-limit.js';
import { isLoopback, isLoopbackName } from './host-check.js';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** By path: `/healthz`. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/** The number of connections; probes and scrapers need a few. */
const LIMITS = { total: 256, ofOneAddress: 128 } as const;
/** How long a connection may take, in milliseconds. Requests here are a few lines: nobody needs longer to send one. */
const TIMES = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
} as const;

export class WebServer implements Service {
  readonly name = 'web';
  readonly #address: HttpAddress;
  readonly #pages: ReadonlyMap<string, Pages[string]>;
  readonly #failed: (path: string, error: unknown) => void;
  readonly #times: Readonly<Record<keyof typeof TIMES, number>>;
  #server: Server | undefined;
  #listening: Promise<void> | undefined;

  /**
   * @param failed called when a page could not be made
   * @param times milliseconds; default: 5 s for each part of a request
   */
  constructor(
    address: HttpAddress,
    pages: Pages,
    failed: (path: string, error: unknown) => void,
    times: Partial<Record<keyof typeof TIMES, number>> = {},
  ) {
    this.#times = { ...TIMES, ...times };
    this.#address = address;
    this.#pages = new Map(Object.entries(pages));
    this.#failed = failed;
  }

  /** @throws TsworkerError HTTP if it cannot listen there */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const limit = new ConnectionLimit(LIMITS);
    const server = createServer(this.#times, (request, response) => {
      limit.count(request.socket, 1);
      response.once('close', () => limit.count(request.socket, -1));
      void this.#answer(request, response);
    });
    server.on('connection', (socket) => limit.admit(socket));
    this.#server = server;
    this.#listening = new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...this.#address, exclusive: true }, resolve);
    });
    try {
      await this.#listening;
    } catch (error) {
      if (this.#server === server) this.#server = undefined;
      throw refusal(this.#address, error as NodeJS.ErrnoException);
    }
    // A broken connection is the client's problem.
    server.on('error', () => {});
  }

  /** The address that it listens on. With port 0 the port is known only after the start. */
  get url(): string {
    const { port } = (this.#server?.address() ?? this.#address) as AddressInfo;
    return `http://${showHttp({ host: this.#address.host, port })}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    // Closed before it listens, the server would never emit 'listening', and `start` would not resolve.
    await this.#listening?.catch(() => {});
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body, allow } = await this.#pageFor(request);
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...(allow === undefined ? {} : { allow }),
    });
    response.end(body);
  }

  async #pageFor({ method, url = '/', headers }: IncomingMessage): Promise<Page & { allow?: string }> {
    if (isLoopback(this.#address.host) && !isLoopbackName(headers.host))
      return plain(403, 'this server listens on the loopback only: call it localhost, 127.0.0.1 or [::1]');
    if (method !== 'GET' && method !== 'HEAD')
      return { ...plain(405, 'only GET and HEAD are answered here'), allow: 'GET, HEAD' };
    const path = url.split('?', 1)[0];
    const make = this.#pages.get(path);
    if (make === undefined) {
      const paths = [...this.#pages.keys()];
      return path === '/' ? plain(200, paths.join('\n')) : plain(404, `nothing here; there are ${paths.join(', ')}`);
    }
    try {
      return await make();
    } catch (error) {
      this.#failed(path, error);
      return plain(500, 'this page could not be made; the log says why');
    }
  }
}

export function plain(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

export function json(status: number, value: unknown): Page {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  EADDRINUSE: ['the port is in use', 'end what listens there, or choose another; 0 takes a free one'],
  EACCES: ['we may not listen there', 'ports below 1024 need privileges'],
  EADDRNOTAVAIL: ['this machine has no such address', '0.0.0.0 listens on all that it has'],
  ENOTFOUND: ['there is no such host', 'give an address of this machine, or the port alone'],
};

function refusal(address: HttpAddress, cause: NodeJS.ErrnoException): TsworkerError {
  const [reason, hint] = REASONS[cause.code ?? ''] ?? [cause.message, undefined];
  const options = hint === undefined ? { cause } : { cause, hint };
  return new TsworkerError('HTTP', `-http: cannot listen on ${showHttp(address)}: ${reason}`, options);
}
