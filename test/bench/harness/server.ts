/** The private Redis of the bench, and what it says of itself. Our own commands are counted, so that they can be left out. */
import { startRedis, type TestRedis } from '../../support/redis.js';

/** Calls by command name, in lower case, without subcommands. */
export type Calls = ReadonlyMap<string, number>;

export class Server {
  readonly #redis: TestRedis;
  readonly #own = new Map<string, number>();

  constructor(redis: TestRedis) {
    this.#redis = redis;
  }

  get socket(): string {
    return this.#redis.socketPath;
  }

  get tcp(): string | undefined {
    return this.#redis.port === undefined ? undefined : this.#redis.uri;
  }

  async send(command: readonly string[]): Promise<unknown> {
    const name = command[0].toLowerCase();
    this.#own.set(name, (this.#own.get(name) ?? 0) + 1);
    return await this.#redis.client.sendCommand([...command]);
  }

  async integer(command: readonly string[]): Promise<number> {
    return Number((await this.send(command)) ?? 0);
  }

  async flush(): Promise<void> {
    await this.send(['FLUSHALL', 'SYNC']);
  }

  /** Since the server started, ours left out. Redis counts what a script calls like what a client sends. */
  async calls(): Promise<Calls> {
    const text = String(await this.send(['INFO', 'commandstats']));
    const calls = new Map<string, number>();
    for (const [, name, count] of text.matchAll(/^cmdstat_([^:|]+)[^:]*:calls=(\d+)/gm))
      calls.set(name, (calls.get(name) ?? 0) + Number(count));
    for (const [name, count] of this.#own) calls.set(name, (calls.get(name) ?? 0) - count);
    return calls;
  }

  /** CPU time of the server so far, user and system. */
  async cpuMs(): Promise<number> {
    const text = String(await this.send(['INFO', 'cpu']));
    const seconds = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
    return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000;
  }

  async version(): Promise<string> {
    const text = String(await this.send(['INFO', 'server']));
    return /^(?:valkey_version|redis_version):(\S+)/m.exec(text)?.[1] ?? '?';
  }

  /** Shows `see` every command from now on; a script's own with the client `lua`. Returns what ends it. */
  async watch(see: (client: string, command: string) => void): Promise<() => void> {
    const monitor = this.#redis.client.duplicate();
    monitor.on('error', () => {});
    await monitor.connect();
    await monitor.monitor((line) => {
      const found = /^\S+ \[\d+ (\S+)\] "([^"]+)"/.exec(String(line));
      if (found) see(found[1], found[2].toLowerCase());
    });
    return () => monitor.destroy();
  }

  async stop(): Promise<void> {
    await this.#redis.stop();
  }
}

export async function startServer(options: { tcp: boolean }): Promise<Server> {
  return new Server(await startRedis({ port: options.tcp, args: ['--maxclients', '10000'] }));
}
