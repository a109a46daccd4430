/**
 * A Connection that reconnects: when its server is lost, does not answer, or is no longer the master (or the owner of
 * the slot), it locates the right one, connects to it, and calls onReady. A Locator knows about Sentinel and Cluster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisNode } from '../config/address.js';
import { deadline, untilAborted } from './abortable.js';
import type {
  Argument,
  ConnectionEvents,
  Listening,
  NodeConnection,
  NodeEvents,
  OpenedConnection,
} from './connection.js';
import { ConnectionLostError, ConnectionSilentError } from './connection-errors.js';
import type { Mode } from './options.js';
import { ReplyWatch } from './reply-watch.js';

export interface Locator {
  readonly clustered: boolean;
  /** The longest pause between two attempts to connect. Milliseconds. */
  readonly longestPauseMs: number;
  /**
   * The node to use now: the master, or the owner of the slot.
   * @param besides a node that must not be asked, since it is the one in doubt
   * @throws Error with the reason if it cannot be found; TsworkerError if a retry cannot help
   */
  locate(besides?: RedisNode): Promise<RedisNode>;
  /** Connects to the node. Also rejects if the node answers but is not the right one. */
  open(node: RedisNode, mode: Mode, events: NodeEvents, signal: AbortSignal): Promise<NodeConnection & Listening>;
}

/** The longest pause between attempts if there are several nodes: a failover takes only seconds. */
export const FAILOVER_PAUSE_MS = 500;
/** After this time without a reply, the locator is asked whether another node has taken over. */
const DOUBT_MS = 2000;
/** Time limit for a new connection until it can be used. */
export const ATTEMPT_MS = 5000;

/** Error replies of a node that may no longer be the master or owner. */
const STALE = /\b(READONLY|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|UNBLOCKED)\b/;

/**
 * Connects once, without retrying; rejects with the error of the node or the locator.
 * @param silenceMs see ConnectOptions
 */
export async function openReconnecting(
  locator: Locator,
  mode: Mode,
  events: ConnectionEvents,
  { silenceMs, signal }: { readonly silenceMs: number; readonly signal: AbortSignal },
): Promise<OpenedConnection> {
  const connection = new ReconnectingConnection(locator, mode, events, silenceMs);
  await connection.dial(signal);
  return connection;
}

/** Doubles from 50 ms to 2 s, with jitter, so that the processes of a fleet do not reconnect all at once. */
function pauseMs(attempts: number): number {
  return Math.min(50 * 2 ** Math.min(attempts, 10), 2000) * (0.75 + Math.random() / 4);
}

/** The connection to one server, until it is left. */
interface Link {
  readonly node: RedisNode;
  readonly connection: NodeConnection & Listening;
  /** The error of calls that were unanswered when the link was left; undefined: the client's own error. */
  leftBecause?: Error;
  readonly onReply: (reply: unknown) => unknown;
  readonly onError: (error: unknown) => never;
}

class ReconnectingConnection implements OpenedConnection {
  readonly tracking: boolean;
  readonly clustered: boolean;
  readonly #locator: Locator;
  readonly #mode: Mode;
  readonly #events: ConnectionEvents;
  readonly #closed = new AbortController();
  readonly #watch: ReplyWatch;
  readonly #listeners = new Map<string, (text: string) => void>();
  #link: Link | undefined;
  /** Why there is no connection. */
  #why = 'not connected';
  #doubting = false;

  constructor(locator: Locator, mode: Mode, events: ConnectionEvents, silenceMs: number) {
    this.#locator = locator;
    this.#mode = mode;
    this.#events = events;
    this.tracking = mode === 'tracking';
    this.clustered = locator.clustered;
    const watched = {
      doubtMs: DOUBT_MS,
      onDoubt: () => this.#link && void this.#doubt(this.#link, `no reply for ${DOUBT_MS} ms`),
      onSilent: () => this.#link && this.#leave(this.#link, new ConnectionSilentError()),
    };
    this.#watch = new ReplyWatch(watched, silenceMs);
  }

  get ready(): boolean {
    return this.#link?.connection.ready ?? false;
  }

  async dial(signal: AbortSignal, moved?: RedisNode): Promise<void> {
    const node = moved ?? (await untilAborted(this.#locator.locate(), signal));
    let link: Link | undefined;
    const events = {
      onLost: (why: Error) => link && this.#leave(link, why),
      onInvalidate: (key: string | null) => this.#events.onInvalidate?.(key),
    };
    const connection = await this.#locator.open(node, this.#mode, events, signal);
    if (this.#closed.signal.aborted) return connection.drop();
    link = this.#linkTo(node, connection);
    this.#link = link;
    // If one is refused now, the connection serves all the same.
    for (const [channel, onMessage] of this.#listeners) void connection.listen(channel, onMessage).catch(() => {});
  }

  async listen(channel: string, onMessage: (text: string) => void): Promise<void> {
    this.#listeners.set(channel, onMessage);
    // If there is no link now, the next one subscribes.
    await this.#link?.connection.listen(channel, onMessage);
  }

  async unlisten(channel: string): Promise<void> {
    this.#listeners.delete(channel);
    await this.#link?.connection.unlisten(channel);
  }

  /** Hot path: not `async`, and the handlers are created once for each link. */
  send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown> {
    const link = this.#link;
    if (link === undefined)
      return Promise.reject(new ConnectionLostError(`there is no connection to Redis now: ${this.#why}`));
    this.#watch.sent();
    const answered = link.connection.send(args, options).then(link.onReply, link.onError);
    return args[0] === 'WAIT' ? answered.then((reply) => this.#judgeWait(link, reply, Number(args[1]))) : answered;
  }

  #linkTo(node: RedisNode, connection: NodeConnection & Listening): Link {
    const link: Link = {
      node,
      connection,
      onReply: (reply) => {
        this.#answered(link);
        return reply;
      },
      onError: (error) => {
        this.#judge(link, error instanceof Error ? error.message : String(error));
        this.#answered(link);
        throw link.leftBecause ?? error;
      },
    };
    return link;
  }

  /** Replies of a link that was left do not count any more. */
  #answered(link: Link): void {
    if (this.#link === link) this.#watch.answered();
  }

  /** A master whose replicas are gone may have been replaced by one of them. */
  #judgeWait(link: Link, reply: unknown, wanted: number): unknown {
    if (Number(reply) < wanted) void this.#doubt(link, 'its replicas are gone');
    return reply;
  }

  async close(): Promise<void> {
    const connection = this.#end();
    await connection?.close();
  }

  limitSilence(ms: number): void {
    this.#watch.limit(ms);
  }

  drop(): void {
    this.#end()?.drop();
  }

  #end(): NodeConnection | undefined {
    this.#closed.abort();
    this.#watch.stop();
    const link = this.#link;
    this.#link = undefined;
    this.#why = 'it was closed';
    return link?.connection;
  }

  /** An error reply may show that another node is the master or owner now. */
  #judge(link: Link, message: string): void {
    const moved = this.clustered ? /^MOVED \d+ (\S*):(\d+)/.exec(message) : null;
    // An empty host stands for the node itself.
    const to = moved && { host: moved[1] || link.node.host, port: Number(moved[2]) };
    if (to !== null) this.#leave(link, undefined, message, to);
    else if (STALE.test(message)) void this.#doubt(link, message);
  }

  #leave(link: Link, error?: Error, why = error?.message ?? 'the connection was lost', moved?: RedisNode): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#why = why;
    this.#watch.stop();
    if (error !== undefined) link.leftBecause = error;
    link.connection.drop();
    void this.#seek(moved);
  }

  async #seek(moved: RedisNode | undefined): Promise<void> {
    const { signal } = this.#closed;
    for (let attempts = 0; !signal.aborted; attempts++) {
      try {
        await this.dial(AbortSignal.any([signal, deadline(ATTEMPT_MS)]), attempts === 0 ? moved : undefined);
        if (!signal.aborted) this.#events.onReady?.();
        return;
      } catch (error) {
        if (!signal.aborted) this.#why = error instanceof Error ? error.message : String(error);
      }
      const pause = Math.min(pauseMs(attempts), this.#locator.longestPauseMs);
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  async #doubt(link: Link, why: string): Promise<void> {
    if (this.#doubting) return;
    this.#doubting = true;
    try {
      const node = await this.#locator.locate(link.node);
      if (node.host !== link.node.host || node.port !== link.node.port) this.#leave(link, undefined, why);
    } catch {
      // No node answers: stay with this one.
    } finally {
      this.#doubting = false;
    }
  }
}
