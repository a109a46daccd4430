/**
 * The first connection: which failures are retried and for how long (a server that is starting, loading its data, or
 * not answering), which are errors at once (wrong password, TLS, not Redis), and which features are optional
 * (tracking, RESP3). The messages are in connect-errors.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf } from '../config/address.js';
import { TsworkerError } from '../errors.js';
import { deadline, isTimeout, untilAborted } from './abortable.js';
import { clusterLocator } from './cluster.js';
import { permanentFailure, stoppedEarly, unreachable } from './connect-errors.js';
import type { Connection, ConnectionEvents, OpenedConnection, RedisClient } from './connection.js';
import { ConnectionSilentError, NotRedisError, rootOf } from './connection-errors.js';
import type { ConnectOptions, Mode } from './options.js';
import { requirePermissions } from './permissions.js';
import { ATTEMPT_MS, type Locator, openReconnecting } from './reconnecting-connection.js';
import { sentinelLocator } from './sentinel.js';
import { describeServer, requireSingleServer } from './server.js';
import { clientLocator, singleLocator } from './single.js';

export interface ConnectHooks extends ConnectionEvents {
  /** Track changes to keys that were read (CLIENT TRACKING), if the server allows it. Default false. */
  readonly watch?: boolean;
  /** false: an unavailable Redis, or one that is loading its data, is an error at once. Default true. */
  readonly patient?: boolean;
  /** How long to try, in milliseconds. Default 10,000; 5,000 if not `patient`. */
  readonly withinMs?: number;
  /** Called once, when Redis has not been reached for a second. */
  onWaiting?(): void;
  /** Called once, when Redis answers that it is loading its data. */
  onLoading?(): void;
}

const PATIENT_MS = 10_000;
const IMPATIENT_MS = 5000;
/** After this wait `onWaiting` is called. */
const UNEXPLAINED_MS = 1000;
const RETRY_MS = 200;

/**
 * @param shownUri the address without its password, for messages
 * @param signal ends the attempt when it aborts
 * @throws TsworkerError REDIS if Redis cannot be reached, does not answer in time, or rejects the connection; USAGE if
 *   the address is for another kind of server than the one that answers
 */
export function connect(
  options: ConnectOptions,
  shownUri: string,
  hooks: ConnectHooks = {},
  signal?: AbortSignal,
): Promise<OpenedConnection> {
  const address = addressOf(options.uri);
  const locator =
    address.kind === 'sentinel'
      ? sentinelLocator(options, address)
      : address.kind === 'cluster'
        ? clusterLocator(options, address)
        : singleLocator(options, address);
  const check = async (connection: Connection) => {
    if (address.kind === 'single') requireSingleServer(await describeServer(connection), shownUri);
    if (!hooks.watch || options.namespace === undefined) return;
    const more = (options.waitReplicas ?? 0) > 0 ? ['wait 1 1'] : [];
    await requirePermissions(connection, options.namespace, shownUri, more);
  };
  return new Attempts({
    locator,
    check,
    uri: options.uri,
    shownUri,
    silenceMs: options.silenceMs,
    hooks,
    signal,
  }).run();
}

/** The same with a duplicate of the caller's client: same address, login and TLS. */
export async function connectLike(
  client: RedisClient,
  silenceMs: number,
  hooks: ConnectHooks = {},
  signal?: AbortSignal,
): Promise<OpenedConnection> {
  // Version 4 has other method names and reply formats.
  if (typeof client.close !== 'function' || typeof client.destroy !== 'function')
    throw new TsworkerError('STATE', 'settings.redis must be a client of node-redis 5 or newer', {
      hint: "make it with createClient() of the package 'redis' or '@redis/client', or give uri instead",
    });
  const shownUri = 'the address of the client in the settings';
  const locator = clientLocator(client);
  return new Attempts({ locator, check: async () => {}, uri: '', shownUri, silenceMs, hooks, signal }).run();
}

interface AttemptsOptions {
  readonly locator: Locator;
  /** Rejects what would otherwise fail later, at a job: the wrong kind of server, a missing permission. */
  readonly check: (connection: Connection) => Promise<void>;
  readonly uri: string;
  readonly shownUri: string;
  readonly silenceMs: number;
  readonly hooks: ConnectHooks;
  readonly signal: AbortSignal | undefined;
}

class Attempts {
  readonly #options: AttemptsOptions;
  readonly #stop: AbortSignal;
  readonly #patient: boolean;
  readonly #withinMs: number;
  #mode: Mode;
  #last: Error | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: AttemptsOptions) {
    const { hooks, signal } = options;
    this.#options = options;
    this.#stop = signal ?? new AbortController().signal;
    this.#patient = hooks.patient ?? true;
    this.#withinMs = hooks.withinMs ?? (this.#patient ? PATIENT_MS : IMPATIENT_MS);
    this.#mode = hooks.watch ? 'tracking' : 'resp3';
  }

  async run(): Promise<OpenedConnection> {
    const { hooks } = this.#options;
    const giveUpAt = performance.now() + this.#withinMs;
    this.#waiting = setTimeout(() => hooks.onWaiting?.(), UNEXPLAINED_MS);
    try {
      for (;;) {
        try {
          return await this.#attempt(giveUpAt - performance.now());
        } catch (thrown) {
          if (!this.#shouldRetry(thrown, giveUpAt)) continue;
        }
        await sleep(RETRY_MS, undefined, { signal: this.#stop }).catch(() => {});
      }
    } finally {
      clearTimeout(this.#waiting);
    }
  }

  async #attempt(leftMs: number): Promise<OpenedConnection> {
    const { locator, check, silenceMs, hooks } = this.#options;
    const signal = this.#within(leftMs);
    const connection = await openReconnecting(locator, this.#mode, hooks, { silenceMs, signal });
    try {
      await this.#untilLoaded(connection);
      await this.#answer(check(connection));
      return connection;
    } catch (error) {
      connection.drop();
      throw error;
    }
  }

  #within(ms: number): AbortSignal {
    return AbortSignal.any([deadline(Math.min(ATTEMPT_MS, ms)), this.#stop]);
  }

  async #answer<T>(reply: Promise<T>): Promise<T> {
    const signal = this.#within(this.#withinMs);
    return await untilAborted(reply, signal).catch((error: unknown) => {
      throw error === signal.reason && isTimeout(signal) ? new ConnectionSilentError() : error;
    });
  }

  async #untilLoaded(connection: Connection): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        const reply = await this.#answer(connection.send(['PING']));
        if (String(reply) !== 'PONG') throw new NotRedisError();
        return;
      } catch (error) {
        const waits = error instanceof Error && /^(LOADING|BUSY|MASTERDOWN)/.test(error.message);
        if (!waits || !this.#patient || this.#stop.aborted) throw error;
        clearTimeout(this.#waiting);
        if (!told) this.#options.hooks.onLoading?.();
      }
      await sleep(RETRY_MS, undefined, { signal: this.#stop }).catch(() => {});
    }
  }

  /**
   * @returns true: retry after a pause; false: retry at once, in a lesser mode
   * @throws TsworkerError if a retry cannot help
   */
  #shouldRetry(thrown: unknown, giveUpAt: number): boolean {
    const { uri, shownUri } = this.#options;
    if (thrown instanceof TsworkerError) throw thrown;
    if (this.#stop.aborted) throw stoppedEarly(this.#last, shownUri);
    const root = rootOf(thrown);
    // The last attempt may be too short to find the cause: then the error before it is used.
    const error = root.name === 'TimeoutError' ? (this.#last ?? root) : root;
    this.#last = error;
    const lesser = lesserMode(this.#mode, error);
    if (lesser !== undefined) {
      this.#mode = lesser;
      return false;
    }
    const failure = permanentFailure(error, uri, shownUri);
    if (failure !== undefined) throw failure;
    if (!this.#patient || performance.now() + RETRY_MS > giveUpAt) throw unreachable(error, shownUri);
    return true;
  }
}

function lesserMode(mode: Mode, error: Error): Mode | undefined {
  if (mode === 'tracking' && /tracking/i.test(error.message)) return 'resp3';
  if (mode !== 'resp2' && /hello|NOPROTO|unknown command/i.test(error.message)) return 'resp2';
  return undefined;
}
