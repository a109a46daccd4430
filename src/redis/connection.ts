/**
 * One connection to Redis for the rest of the program: sends commands, reports when it is ready or lost, and when a
 * tracked key changed. The only value import of the client package. A connection opened here ends when it is lost:
 * reconnecting-connection.ts reconnects.
 */

import { clearTimeout, setTimeout } from 'node:timers';
import { createClient, RESP_TYPES } from '@redis/client';
import * as globals from '../globals.js';
import { isTimeout } from './abortable.js';
import { ConnectionSilentError, isGarbage, NotRedisError, rootOf } from './connection-errors.js';
import { type ConnectOptions, clientOptions, type Mode, type Target } from './options.js';

export type Argument = string | Buffer;

export interface ConnectionEvents {
  /** Reconnected after a loss: commands in flight may or may not have been executed. */
  onReady?(): void;
  /** A tracked key changed, or Redis no longer tracks it; null: this is true of all. */
  onInvalidate?(key: string | null): void;
}

/** A connection to one server, which ends when it is lost. */
export interface NodeConnection {
  /** Whether Redis reports changes to tracked keys. */
  readonly tracking: boolean;
  readonly ready: boolean;
  /** The server is a node of a Cluster: keys may move away from it one by one. */
  readonly clustered?: boolean;
  /** Rejects at once while the connection is lost. With `binary`, bulk strings in the reply are Buffers. */
  send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown>;
  /** Waits for the replies under way, at most a second. */
  close(): Promise<void>;
  /** Ends it at once and permanently: calls in flight reject. */
  drop(): void;
}

/** What can subscribe to channels beside its other work; one that reconnects subscribes again then. */
export interface Listening {
  /** Rejects with Redis' error, or if the connection cannot do both: that needs RESP3, and a client of ours. */
  listen(channel: string, onMessage: (text: string) => void): Promise<void>;
  unlisten(channel: string): Promise<void>;
}

/** A connection that reconnects. */
export interface Connection extends NodeConnection {
  /**
   * Limits how long no reply may arrive, although some are due, until the connection is replaced and calls in flight
   * reject. A shutdown sets a shorter limit. Milliseconds.
   */
  limitSilence(ms: number): void;
}

/** A connection as it is opened here. */
export type OpenedConnection = Connection & Listening;

export interface NodeEvents {
  onInvalidate?(key: string | null): void;
  /** Called at most once, and not after `close` or `drop`; before the calls under way reject. */
  onLost?(why: Error): void;
}

/** Without RESP3 a connection that subscribes can do nothing else; another version of the client may mix up the replies. */
export class CannotListenError extends Error {
  constructor() {
    super('a subscription needs RESP3, and a connection that tsworker has opened itself');
  }
}

const BINARY = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;
const CLOSE_MS = 1000;

/** The part of a node-redis client that is used here. */
export interface RedisClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  readonly options?: { readonly socket?: object } | undefined;
  sendCommand(args: Argument[], options?: object): Promise<unknown>;
  subscribe(channel: string, onMessage: (text: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(): Promise<unknown>;
  close(): unknown;
  destroy(): void;
  duplicate(overrides?: object): RedisClient;
}

/**
 * Connects once; rejects with the client's own error.
 * @param signal aborts with a TimeoutError at the time limit, or with another reason when the connection is not needed
 */
export async function openNode(
  options: ConnectOptions,
  target: Target,
  mode: Mode,
  events: NodeEvents,
  signal: AbortSignal,
): Promise<NodeConnection & Listening> {
  const client = createClient({ ...clientOptions(options, target, mode), RESP: mode === 'resp2' ? 2 : 3 });
  return await openClient(client as unknown as RedisClient, mode, events, signal, mode !== 'resp2');
}

/** The same with a duplicate of the caller's client, with other settings. Only the duplicate is ever closed. */
export async function openDuplicate(
  client: RedisClient,
  mode: Mode,
  events: NodeEvents,
  signal: AbortSignal,
): Promise<NodeConnection & Listening> {
  const ours = {
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
    socket: { ...client.options?.socket, reconnectStrategy: false },
    emitInvalidate: mode === 'tracking',
    ...(mode === 'tracking' ? { RESP: 3 } : {}),
  };
  return await openClient(client.duplicate(ours), mode, events, signal);
}

async function openClient(
  client: RedisClient,
  mode: Mode,
  events: NodeEvents,
  signal: AbortSignal,
  canListen = false,
): Promise<NodeConnection & Listening> {
  const connection = new ClientConnection(client, mode, events, canListen);
  let accepted = false;
  client.on('connect', () => {
    accepted = true;
  });
  let cancel = () => {};
  const failed = new globals.Promise<never>((_, reject) => {
    client.on('error', (error) => isGarbage(error) && reject(new NotRedisError({ cause: error })));
    cancel = () => reject(accepted && isTimeout(signal) ? new ConnectionSilentError() : signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
  });
  failed.catch(() => {});
  if (signal.aborted) cancel();
  try {
    await globals.Promise.race([client.connect().then(() => connection.watchOthers()), failed]);
  } catch (error) {
    connection.drop();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  if (connection.ready) return connection;
  connection.drop();
  throw new Error('the connection was lost as soon as it was made');
}

class ClientConnection implements NodeConnection, Listening {
  readonly tracking: boolean;
  readonly #client: RedisClient;
  readonly #canListen: boolean;
  #ended = false;

  constructor(client: RedisClient, mode: Mode, events: NodeEvents, canListen: boolean) {
    this.#client = client;
    this.#canListen = canListen;
    this.tracking = mode === 'tracking';
    const lost = (why: unknown) => {
      if (this.#ended) return;
      this.#ended = true;
      events.onLost?.(rootOf(why));
    };
    client.on('terminated', lost);
    // Callers that wait for a reply get the error by its rejection.
    client.on('error', (error) => {
      if (isGarbage(error)) client.destroy();
      if (!client.isOpen) lost(error);
    });
    if (this.tracking) client.on('invalidate', (key) => events.onInvalidate?.(key === null ? null : String(key)));
  }

  get ready(): boolean {
    return this.#client.isReady;
  }

  send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown> {
    return globals.withThese(() => this.#client.sendCommand(args as Argument[], options?.binary ? BINARY : undefined));
  }

  async listen(channel: string, onMessage: (text: string) => void): Promise<void> {
    if (!this.#canListen) throw new CannotListenError();
    await globals.withThese(() => this.#client.subscribe(channel, onMessage));
  }

  async unlisten(channel: string): Promise<void> {
    if (this.#canListen) await globals.withThese(() => this.#client.unsubscribe(channel));
  }

  /** NOLOOP: our own pops must not wake us. The client package has no option for it. */
  async watchOthers(): Promise<void> {
    if (this.tracking) await this.send(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']);
  }

  async close(): Promise<void> {
    this.#ended = true;
    if (!this.#client.isOpen) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new globals.Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    if (this.#client.isReady) await globals.Promise.race([globals.withThese(() => this.#client.close()), late]);
    clearTimeout(timer);
    if (this.#client.isOpen) this.#client.destroy();
  }

  drop(): void {
    this.#ended = true;
    this.#client.destroy();
  }
}
