/** What is asked of the client package: address, TLS, time-outs, reconnecting. Pure but for reading the CA file. */
import { readFileSync } from 'node:fs';
import type { Mode } from './connection.js';

/** Plain data, so that it can be handed to a thread. */
export interface ConnectOptions {
  readonly uri: string;
  readonly tlsCertPath?: string | undefined;
  readonly skipTLSVerify?: boolean;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** A connection on which nothing moved for so long is given up and made anew. Milliseconds; 0: never. */
  readonly silenceMs: number;
}

/** Doubling from 50 ms to 2 s, with jitter, so that a fleet does not come back in step. */
export function reconnectDelayMs(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 10), 2000) * (0.75 + Math.random() / 4);
}

export function clientOptions(
  options: ConnectOptions,
  mode: Mode,
  reconnectStrategy: (retries: number, cause: Error) => number | Error,
) {
  return {
    url: options.uri,
    name: options.name,
    emitInvalidate: mode === 'tracking',
    // A call must fail at once when the connection is lost: only the caller knows whether it may be sent again.
    disableOfflineQueue: true,
    // The client's time-out for unsent commands makes a timer for each command and serves nothing without a queue.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: {
      reconnectStrategy,
      connectTimeout: 5000,
      ...(options.silenceMs > 0 ? { socketTimeout: options.silenceMs } : {}),
      ...tlsOptions(options),
    },
  } as const;
}

function tlsOptions(options: ConnectOptions) {
  if (!options.uri.startsWith('rediss:')) return {};
  const host = new URL(options.uri).hostname;
  return {
    ...(options.tlsCertPath === undefined ? {} : { ca: readFileSync(options.tlsCertPath) }),
    ...(options.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    // An IP address is no server name.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  };
}
