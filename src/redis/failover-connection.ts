/**
 * A Connection that follows its data: where one node of several does our work, it finds out which, connects to it, and
 * when that node is lost or no longer the one, finds out again. Whoever uses it sees a connection that was lost and came
 * back. It knows neither Sentinel nor Cluster: a Locator does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisNode } from '../config/address.js';
import type { Argument, Connection, ConnectionEvents, Mode, NodeConnection } from './connection.js';
import { reconnectDelayMs } from './options.js';

export interface Locator {
  readonly clustered: boolean;
  /**
   * The node that does our work now.
   * @param besides a node that shall not be asked: it is the one in doubt
   * @throws Error that says why nobody knows; TsworkerError where it will never be known
   */
  locate(besides?: RedisNode): Promise<RedisNode>;
  /** Connects to it. Rejects also where it answers and turns out not to be the one. */
  open(node: RedisNode, mode: Mode, events: NodeEvents): Promise<NodeConnection>;
}

export interface NodeEvents {
  onLost(): void;
  onInvalidate(): void;
}

/** Nodes are asked again at least so often: a fail-over is over within seconds. */
const LONGEST_PAUSE_MS = 500;
/** A reply that is so late makes us ask whether another node has taken over. */
const DOUBT_MS = 2000;

/** What a node says that may no longer be the one. */
const STALE = /\b(READONLY|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|UNBLOCKED)\b/;

/** Connects once, without retrying; rejects with the error of whoever was asked. */
export async function openRoaming(locator: Locator, mode: Mode, events: ConnectionEvents): Promise<Connection> {
  const connection = new Roaming(locator, mode, events);
  await connection.dial();
  return connection;
}

class Roaming implements Connection {
  readonly tracking: boolean;
  readonly clustered: boolean;
  readonly #locator: Locator;
  readonly #mode: Mode;
  readonly #events: ConnectionEvents;
  readonly #closed = new AbortController();
  #node: RedisNode | undefined;
  #inner: NodeConnection | undefined;
  /** Why there is no connection. */
  #why = 'not connected';
  #waiting = 0;
  #replies = 0;
  #doubtTimer: NodeJS.Timeout | undefined;
  #doubting = false;

  constructor(locator: Locator, mode: Mode, events: ConnectionEvents) {
    this.#locator = locator;
    this.#mode = mode;
    this.#events = events;
    this.tracking = mode === 'tracking';
    this.clustered = locator.clustered;
  }

  get ready(): boolean {
    return this.#inner?.ready ?? false;
  }

  async dial(moved?: RedisNode): Promise<void> {
    const node = moved ?? (await this.#locator.locate());
    let inner: NodeConnection | undefined;
    inner = await this.#locator.open(node, this.#mode, {
      onLost: () => inner && this.#leave(inner, 'the connection was lost'),
      onInvalidate: () => this.#events.onInvalidate?.(),
    });
    if (this.#closed.signal.aborted) return inner.drop();
    if (!inner.ready) {
      inner.drop();
      throw new Error('the connection was lost as soon as it was made');
    }
    this.#node = node;
    this.#inner = inner;
  }

  async send(args: readonly Argument[], options?: { binary?: boolean }): Promise<unknown> {
    const inner = this.#inner;
    if (inner === undefined) throw new Error(`Redis is looked for: ${this.#why}`);
    this.#waiting++;
    this.#doubtTimer ??= this.#startDoubt(inner);
    try {
      const reply = await inner.send(args, options);
      // A master whose replicas are gone may have been replaced by one of them.
      if (args[0] === 'WAIT' && Number(reply) < Number(args[1])) void this.#doubt(inner, 'its replicas are gone');
      return reply;
    } catch (error) {
      this.#judge(inner, error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#waiting--;
      this.#replies++;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#doubtTimer);
    const inner = this.#inner;
    this.#inner = undefined;
    await inner?.close();
  }

  /** An error reply may say that another node does our work now. */
  #judge(inner: NodeConnection, message: string): void {
    const moved = /^MOVED \d+ (\S*):(\d+)/.exec(message);
    // A node that does not know its own address names none: it means itself.
    if (moved) this.#leave(inner, message, { host: moved[1] || (this.#node?.host ?? ''), port: Number(moved[2]) });
    else if (STALE.test(message)) void this.#doubt(inner, message);
  }

  #leave(inner: NodeConnection, why: string, moved?: RedisNode): void {
    if (this.#inner !== inner) return;
    this.#inner = undefined;
    this.#why = why;
    clearTimeout(this.#doubtTimer);
    this.#doubtTimer = undefined;
    inner.drop();
    void this.#seek(moved);
  }

  async #seek(moved: RedisNode | undefined): Promise<void> {
    const { signal } = this.#closed;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await this.dial(tries === 0 ? moved : undefined);
        if (!signal.aborted) this.#events.onReady?.();
        return;
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error);
      }
      await sleep(Math.min(reconnectDelayMs(tries), LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {});
    }
  }

  /** While replies are owed and none comes: a node that froze, or behind a cut cable, never closes its connection. */
  #startDoubt(inner: NodeConnection): NodeJS.Timeout {
    const replies = this.#replies;
    const timer = setTimeout(() => {
      this.#doubtTimer = undefined;
      if (this.#inner !== inner || this.#waiting === 0) return;
      if (this.#replies === replies) void this.#doubt(inner, `no reply for ${DOUBT_MS} ms`);
      this.#doubtTimer = this.#startDoubt(inner);
    }, DOUBT_MS);
    return timer.unref();
  }

  async #doubt(inner: NodeConnection, why: string): Promise<void> {
    if (this.#doubting) return;
    this.#doubting = true;
    try {
      const node = await this.#locator.locate(this.#node);
      if (node.host !== this.#node?.host || node.port !== this.#node.port) this.#leave(inner, why);
    } catch {
      // Nobody knows better.
    } finally {
      this.#doubting = false;
    }
  }
}
