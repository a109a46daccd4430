/** A TCP proxy in front of Redis that simulates network faults: delay, cut, freeze, refuse, and lose one reply. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Selects a request: a part of its text, or a function. */
export type Match = string | ((request: Buffer) => boolean);

interface Trap {
  readonly match: Match;
  readonly kind: 'loseReply' | 'holdReply' | 'cutBefore' | 'holdRequest';
  readonly sprung: (deliver: () => void) => void;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  lost: boolean;
}

export class RedisProxy {
  /** Added to every reply. */
  delayMs = 0;
  /** The number of accepted connections. */
  accepted = 0;
  readonly #target: { readonly path: string } | { readonly port: number };
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #traps: Trap[] = [];
  #frozen = false;
  #refusing = false;

  constructor(target: { readonly path: string } | { readonly port: number }) {
    this.#target = target;
    this.#listener = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  get port(): number {
    const address = this.#listener.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen');
    return address.port;
  }

  get uri(): string {
    return `redis://127.0.0.1:${this.port}/`;
  }

  get connections(): number {
    return this.#links.size;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#listener.listen(0, '127.0.0.1', resolve));
  }

  /** Cuts every connection now; new ones are accepted. */
  cut(): void {
    for (const link of [...this.#links]) link.client.resetAndDestroy();
  }

  /** While true, new connections are closed at once; `cut()` ends the old ones. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** While true nothing passes, either way, and nothing is closed; what was held then passes in order. */
  blackHole(frozen: boolean): void {
    this.#frozen = frozen;
    for (const link of this.#links) this.#hold(link);
  }

  /**
   * The next matching request is forwarded and executed by Redis, its reply is dropped, and the connection is cut.
   * Resolves when that has happened.
   */
  loseReply(match: Match): Promise<void> {
    return this.#setTrap('loseReply', match);
  }

  /**
   * The next matching request is executed by Redis, and neither its reply nor anything after it passes, while the
   * connection stays open. Resolves when the request has been forwarded.
   */
  holdReply(match: Match): Promise<void> {
    return this.#setTrap('holdReply', match);
  }

  /** The next matching request never reaches Redis: the connection is cut instead. */
  cutBefore(match: Match): Promise<void> {
    return this.#setTrap('cutBefore', match);
  }

  /**
   * The next matching request is held, and its connection is cut for the client alone, as when a network recovers after
   * the client has given up. Resolves then; `deliver` sends the request to Redis.
   */
  holdRequest(match: Match): Promise<{ deliver(): void }> {
    return new Promise((resolve) => {
      const sprung = (deliver: () => void) => resolve({ deliver });
      this.#traps.push({ kind: 'holdRequest', match, sprung });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.cut();
    await closed;
  }

  #setTrap(kind: Trap['kind'], match: Match): Promise<void> {
    return new Promise((resolve) => this.#traps.push({ kind, match, sprung: () => resolve() }));
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    client.on('error', () => {});
    if (this.#refusing) return void client.resetAndDestroy();
    // Half-open on the far side: loseReply must signal "no more requests" and still let Redis process what it has.
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const link: Link = { client, server, lost: false };
    this.#links.add(link);
    this.#hold(link);
    client.on('data', (request) => this.#request(link, request));
    server.on('data', (reply) => this.#reply(link, reply));
    server.on('error', () => client.destroy());
    server.on('end', () => client.destroy());
    client.on('close', () => {
      this.#links.delete(link);
      if (!link.lost) server.destroy();
    });
  }

  #hold({ client, server }: Link): void {
    for (const socket of [client, server]) {
      if (this.#frozen) socket.pause();
      else socket.resume();
    }
  }

  #request(link: Link, request: Buffer): void {
    if (link.lost) return;
    const trap = this.#traps.find(({ match }) =>
      typeof match === 'string' ? request.includes(match) : match(request),
    );
    if (trap !== undefined) {
      this.#traps = this.#traps.filter((other) => other !== trap);
      this.#spring(trap, link, request);
    } else {
      link.server.write(request);
    }
  }

  #spring(trap: Trap, link: Link, request: Buffer): void {
    link.lost = true;
    if (trap.kind === 'holdReply') {
      link.client.once('close', () => link.server.destroy());
      link.server.write(request, () => trap.sprung(() => {}));
      return;
    }
    if (trap.kind === 'holdRequest') {
      // Redis executes it, and only then finds the connection closed.
      trap.sprung(() => link.server.end(request));
      link.client.resetAndDestroy();
      return;
    }
    link.client.once('close', () => trap.sprung(() => {}));
    if (trap.kind === 'cutBefore') {
      link.server.destroy();
      link.client.resetAndDestroy();
    } else {
      // Redis closes only after it has executed all that it received; then the client's connection is cut.
      link.server.end(request);
      link.server.once('end', () => link.client.resetAndDestroy());
    }
  }

  #reply(link: Link, reply: Buffer): void {
    if (link.lost) return;
    const pass = () => {
      if (!link.lost && !link.client.destroyed) link.client.write(reply);
    };
    // Timers of one length fire in the order they were set, so replies keep theirs while delayMs stays the same.
    if (this.delayMs > 0) setTimeout(pass, this.delayMs);
    else pass();
  }
}

/** A proxy in front of a test Redis (its socket), or of any port. */
export async function startProxy(
  target: { readonly socketPath: string } | { readonly port: number },
): Promise<RedisProxy> {
  const proxy = new RedisProxy('socketPath' in target ? { path: target.socketPath } : { port: target.port });
  await proxy.listen();
  return proxy;
}
