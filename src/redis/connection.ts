/**
 * One connection to Redis, as the rest of the program sees it: send a command, be told when it is ready, lost, or when a
 * watched key changed. The sole value import of the client package. Reconnects by itself for ever once it was up; which
 * of several nodes to connect to is roaming.ts' matter.
 */
import { createClient, RESP_TYPES } from '@redis/client';
import { TsworkerError } from '../errors.js';
import { type ConnectOptions, clientOptions, reconnectDelayMs, type Target } from './options.js';

export type Argument = string | Buffer;

export interface ConnectionEvents {
  /** Connected again after a loss: whatever was in flight may or may not have happened. */
  onReady?(): void;
  /** A watched key changed, or Redis no longer watches. */
  onInvalidate?(): void;
}

export interface Connection {
  /** Redis tells us of changes to watched keys; false: it refused, or cannot. */
  readonly tracking: boolean;
  readonly ready: boolean;
  /** The server is a node of a Cluster: keys may move away from it one by one. */
  readonly clustered?: boolean;
  /** Rejects at once while the connection is lost. With `binary`, bulk strings in the reply are Buffers. */
  send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown>;
  /** Waits for the replies under way, at most a second. */
  close(): Promise<void>;
}

/** How much of what we ask for the server grants. */
export type Mode = 'tracking' | 'resp3' | 'resp2';

const BINARY = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;

/** The part of a node-redis client that is used here: a client of the caller's has it too. */
export interface RedisClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  sendCommand(args: Argument[], options?: object): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(): Promise<unknown>;
  close(): unknown;
  destroy(): void;
  duplicate(overrides?: object): RedisClient;
}

/** Connects once, without retrying; rejects with the client's own error. {@link connect} in connect.ts is for callers. */
export async function openConnection(
  options: ConnectOptions,
  mode: Mode,
  events: ConnectionEvents,
): Promise<Connection> {
  let established = false;
  const client = createClient({
    ...clientOptions(options, mode, (retries, cause) => (established ? reconnectDelayMs(retries) : cause)),
    RESP: mode === 'resp2' ? 2 : 3,
  });
  const connection = await wrapClient(client as unknown as RedisClient, mode, events);
  established = true;
  return connection;
}

/** A connection to one node of several. It never reconnects: whoever opened it knows where to go next. */
export interface NodeConnection extends Connection {
  /** Ends it at once; what is under way rejects. */
  drop(): void;
}

/** Connects once to that node; rejects with the client's own error. `onLost` is called at most once, not after drop. */
export async function openNode(
  options: ConnectOptions,
  target: Target,
  mode: Mode,
  events: Pick<ConnectionEvents, 'onInvalidate'> & { onLost?(): void },
): Promise<NodeConnection> {
  const client = createClient({
    ...clientOptions(options, mode, (_retries, cause) => cause, target),
    RESP: mode === 'resp2' ? 2 : 3,
  }) as unknown as RedisClient;
  let dropped = false;
  const drop = () => {
    dropped = true;
    client.destroy();
  };
  const connection = await wrapClient(client, mode, events);
  client.on('terminated', () => dropped || events.onLost?.());
  if (connection.ready) return Object.assign(connection, { drop });
  drop();
  throw new Error('the connection was lost as soon as it was made');
}

/** Connects a second client like the caller's own, which stays as it is: we need other settings, and close only ours. */
export async function duplicateConnection(client: RedisClient, events: ConnectionEvents): Promise<Connection> {
  // Version 4 has other names and other replies: it seems to work, and then does not.
  if (typeof client.close !== 'function' || typeof client.destroy !== 'function')
    throw new TsworkerError('STATE', 'settings.redis must be a client of node-redis 5 or newer', {
      hint: "make it with createClient() of the package 'redis' or '@redis/client', or give uri instead",
    });
  const ours = { disableOfflineQueue: true, commandOptions: { timeout: 0 } };
  try {
    return await wrapClient(client.duplicate({ ...ours, RESP: 3, emitInvalidate: true }), 'tracking', events);
  } catch (error) {
    if (!/tracking|hello|NOPROTO|unknown command|RESP3/i.test(String(error))) throw error;
    return await wrapClient(client.duplicate({ ...ours, emitInvalidate: false }), 'resp3', events);
  }
}

async function wrapClient(client: RedisClient, mode: Mode, events: ConnectionEvents): Promise<Connection> {
  // Each failed attempt is an 'error' event; the calls that fail because of it tell their callers.
  client.on('error', () => {});
  const send: Connection['send'] = (args, options) =>
    client.sendCommand(args as Argument[], options?.binary ? BINARY : undefined);
  // Our own pops must not wake us; the client itself cannot ask for that.
  const watchOthers = async () => {
    if (mode === 'tracking') await send(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']);
  };
  try {
    await client.connect();
    await watchOthers();
  } catch (error) {
    client.destroy();
    throw error;
  }
  const ready = () => events.onReady?.();
  client.on('ready', () => void watchOthers().then(ready, ready));
  if (mode === 'tracking') client.on('invalidate', () => events.onInvalidate?.());
  return {
    tracking: mode === 'tracking',
    get ready() {
      return client.isReady;
    },
    send,
    close: () => closeClient(client),
  };
}

async function closeClient(client: RedisClient) {
  if (!client.isOpen) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  if (client.isReady) await Promise.race([client.close(), late]);
  clearTimeout(timer);
  if (client.isOpen) client.destroy();
}
