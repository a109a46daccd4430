/** What is asked of the client package: address, TLS, time-outs, reconnecting. Pure but for reading certificate files. */
import { readFileSync } from 'node:fs';
import type { Login, RedisNode } from '../config/address.js';
import type { Mode } from './connection.js';

/** The part of the settings that says how to connect. */
export interface ConnectSettings {
  readonly uri: string;
  /** The prefix of all keys: says which node of a Cluster is ours, and what the ACL must allow. */
  readonly namespace?: string;
  readonly tlsCertPath?: string | undefined;
  readonly tlsClientCertPath?: string | undefined;
  readonly tlsClientKeyPath?: string | undefined;
  readonly skipTLSVerify?: boolean;
  /** More than 0: the ACL must allow WAIT. */
  readonly waitReplicas?: number;
}

/** Plain data, so that it can be handed to a thread. */
export interface ConnectOptions extends ConnectSettings {
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** A connection on which nothing moved for so long is given up and made anew. Milliseconds; 0: never. */
  readonly silenceMs: number;
}

/** One node of several, in place of the address in the options. */
export interface Target extends RedisNode {
  readonly tls: boolean;
  readonly login: Login;
  readonly database: number;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

/** Takes what is needed from the settings; nothing else of them is handed on. */
export function connectOptions(settings: ConnectSettings, name: string, silenceMs: number): ConnectOptions {
  const { uri, namespace, tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify, waitReplicas } = settings;
  const tls = { tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify: skipTLSVerify ?? false };
  return { uri, namespace: namespace ?? '', waitReplicas: waitReplicas ?? 0, ...tls, name, silenceMs };
}

/** Doubling from 50 ms to 2 s, with jitter, so that a fleet does not come back in step. */
export function reconnectDelayMs(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 10), 2000) * (0.75 + Math.random() / 4);
}

export function clientOptions(
  options: ConnectOptions,
  mode: Mode,
  reconnectStrategy: (retries: number, cause: Error) => number | Error,
  target?: Target,
) {
  return {
    ...(target === undefined ? { url: options.uri } : { ...target.login, database: target.database }),
    name: options.name,
    emitInvalidate: mode === 'tracking',
    // A call must fail at once when the connection is lost: only the caller knows whether it may be sent again.
    disableOfflineQueue: true,
    // The client's time-out for unsent commands makes a timer for each command and serves nothing without a queue.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: {
      reconnectStrategy,
      connectTimeout: target?.connectTimeout ?? 5000,
      ...(options.silenceMs > 0 ? { socketTimeout: options.silenceMs } : {}),
      ...(target === undefined ? {} : { host: target.host, port: target.port }),
      ...tlsOptions(options, target),
    },
  } as const;
}

function tlsOptions(options: ConnectOptions, target: Target | undefined) {
  if (!(target?.tls ?? /^rediss:/i.test(options.uri))) return {};
  const host = target?.host ?? new URL(options.uri).hostname;
  const { tlsCertPath: ca, tlsClientCertPath: cert, tlsClientKeyPath: key } = options;
  return {
    ...(target === undefined ? {} : { tls: true as const }),
    // Read at each new connection to a node: a certificate that was renewed meanwhile counts.
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined || key === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) }),
    ...(options.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    // An IP address is no server name.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  };
}
